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
	// What a person ticked or chose in a list, and where they are, outlives that the list is brought in anew.
	const kept = new WeakMap();
	const key = e => e.id ? "#" + e.id : e.name ? e.name + "=" + (e.matches("select") ? "" : e.value) : e.getAttribute("href");
	const fields = "input[type=checkbox], input[type=radio], select";
	document.addEventListener("htmx:beforeSwap", e => {
		const into = e.detail.target, state = new Map();
		for (const f of into.querySelectorAll(fields)) {
			const was = f.matches("select") ? [...f.options].some(o => o.selected != o.defaultSelected) && f.value : f.checked != f.defaultChecked && f.checked;
			if (was !== false) state.set(key(f), was);
		}
		const at = document.activeElement;
		kept.set(into, { state, at: into != at && into.contains(at) && key(at) });
	});
	document.addEventListener("htmx:afterSwap", e => {
		const into = e.detail.target, was = into && kept.get(into);
		if (!was) return;
		kept.delete(into);
		for (const f of into.querySelectorAll(fields)) {
			const v = was.state.get(key(f));
			if (v === undefined) continue;
			if (!f.matches("select")) f.checked = v;
			else if ([...f.options].some(o => o.value == v)) f.value = v;
		}
		if (!was.at) return;
		// What had the focus may be gone: then what does the opposite has it, such as Stop for Start, or else what comes first.
		const all = [...into.querySelectorAll("a[href], button, input, select, summary")].filter(f => !f.disabled && f.checkVisibility());
		const opposite = was.at.replace(/^#(start|stop)-/, (_, w) => w == "start" ? "#stop-" : "#start-");
		(all.find(f => key(f) == was.at) || all.find(f => key(f) == opposite) || all[0])?.focus({ preventScroll: true });
	});
	// A row that is told to look again while the whole list is under way looks once more afterwards: the list may show how it was before.
	const heard = new Set(); // since the list was asked for
	if (window.htmx) {
		const open = htmx.createEventSource;
		htmx.createEventSource = url => {
			const source = open(url), on = source.addEventListener.bind(source), known = new Set();
			source.addEventListener = (name, ...rest) => {
				if (!known.has(name)) on(name, () => heard.add(name));
				known.add(name);
				on(name, ...rest);
			};
			return source;
		};
	}
	document.addEventListener("htmx:beforeRequest", e => { if (e.target.id == "board") heard.clear(); });
	document.addEventListener("htmx:afterSettle", e => {
		if (e.detail.target?.id != "board") return;
		for (const row of document.querySelectorAll('#board [hx-trigger^="sse:item-"]')) {
			const name = row.getAttribute("hx-trigger");
			if (heard.delete(name.slice(4))) htmx.trigger(row, name);
		}
	});
	// The title tells how things stand, also when they change.
	document.addEventListener("htmx:afterSwap", e => {
		const t = e.target.querySelector?.("[data-title]");
		if (t) document.title = t.dataset.title + " – Tandem";
	});
	// Escape closes what was opened last around the focus, and leaves a page that only asks, as Cancel does.
	document.addEventListener("keydown", e => {
		if (e.key != "Escape" || e.defaultPrevented || e.isComposing) return;
		const open = document.activeElement?.closest("details[open]");
		if (open) { open.open = false; open.querySelector("summary").focus(); return }
		const cancel = document.querySelector(".ask form a.button");
		if (cancel) cancel.click();
	});
	ready(document);
	// After a form, what is wrong is where reading goes on.
	const problem = document.querySelector("#notice .problem");
	if (problem) { problem.tabIndex = -1; problem.focus(); }
})();
