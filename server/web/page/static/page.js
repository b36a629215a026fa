// What pages do where scripts run; without them, everything works but these.
"use strict";
(() => {
	// Buttons that copy a text appear only where they can.
	const ready = root => {
		for (const b of root.querySelectorAll("button[data-copy]")) b.hidden = !navigator.clipboard;
		for (const b of root.querySelectorAll("[data-needs-script]")) b.hidden = false;
	};
	document.addEventListener("click", e => {
		const b = e.target.closest("button[data-copy]");
		if (b) navigator.clipboard.writeText(document.getElementById(b.dataset.copy).textContent).then(() => b.classList.add("copied"));
		const all = e.target.closest("[data-set]");
		if (all) for (const s of document.querySelectorAll(all.dataset.set)) if ([...s.options].some(o => o.value == all.dataset.to)) s.value = all.dataset.to;
	});
	// A button that was pressed shows it, and is not pressed twice.
	document.addEventListener("submit", e => {
		if (e.target.matches("[hx-post]")) return;
		const b = e.submitter;
		if (b) setTimeout(() => { b.setAttribute("aria-busy", "true"); });
	});
	addEventListener("pageshow", () => { for (const b of document.querySelectorAll("button[aria-busy]")) b.removeAttribute("aria-busy"); });
	// A select with data-go shows its page at once; its button is for those without scripts.
	document.addEventListener("change", e => { if (e.target.matches("select[data-go]")) e.target.form.requestSubmit(); });
	document.addEventListener("htmx:afterSwap", e => ready(e.target));
	ready(document);
	// After a form, what is wrong is where reading goes on.
	const problem = document.querySelector("#notice .problem");
	if (problem) { problem.tabIndex = -1; problem.focus(); }
})();
