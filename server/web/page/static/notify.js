// Has this browser told what the hub tells, or no longer. Push API 8
"use strict";
(() => {
	const form = document.querySelector("form[data-push]");
	if (!form || !window.isSecureContext || !("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return;
	const csrf = form.elements.csrf.value, problem = form.querySelector(".problem");
	const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
	const bytes = s => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
	const ask = async (method, path, body) => {
		const answer = await fetch(path, { method, headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: body && JSON.stringify(body) });
		if (answer.ok) return;
		const said = await answer.json();
		throw new Error([said.detail, said.remedy].filter(Boolean).join(": "));
	};
	const fail = (err, said) => {
		// What the browser itself says is for programmers; what the hub says is for people.
		problem.textContent = err instanceof DOMException || !err.message ? said : err.message;
		problem.hidden = false;
		for (const b of form.querySelectorAll("button[aria-busy]")) b.removeAttribute("aria-busy");
	};
	// The hub knows a browser by its key.
	const known = async () => {
		const worker = await navigator.serviceWorker.getRegistration("/");
		const mine = worker && await worker.pushManager.getSubscription();
		const row = mine && document.querySelector(`[data-browser="${text(mine.getKey("p256dh"))}"]`);
		return { mine, row };
	};
	const on = async () => {
		if (await Notification.requestPermission() !== "granted") throw new Error(form.dataset.denied);
		const worker = await navigator.serviceWorker.register("/push.js", { scope: "/" });
		await navigator.serviceWorker.ready;
		const mine = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push) });
		await ask("POST", "/api/notify/browsers", { endpoint: mine.endpoint, keys: { p256dh: text(mine.getKey("p256dh")), auth: text(mine.getKey("auth")) }, agent: navigator.userAgent });
	};
	form.addEventListener("submit", async event => {
		event.preventDefault();
		problem.hidden = true;
		try {
			const { mine, row } = await known();
			if (row) {
				await mine.unsubscribe();
				await ask("DELETE", "/api/notify/browsers/" + row.dataset.id);
			} else {
				await on();
			}
			location.assign("/settings/notify?done=saved");
		} catch (err) {
			fail(err, form.dataset.failed);
		}
	});
	known().then(({ row }) => {
		form.querySelector(row ? ".off" : ".on").hidden = false;
		if (row) row.querySelector(".tag").hidden = false;
		form.hidden = false;
		document.getElementById("push-cannot").hidden = true;
	}, () => { /* it stays as it is: this browser cannot */ });
})();
