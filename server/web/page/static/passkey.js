// Passkeys: asks the browser for one, or to make one, and tells the hub. WebAuthn Level 3, 5.1
"use strict";
(() => {
	const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
	const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
	const send = async (path, csrf, body) => {
		const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify(body) });
		const said = await answer.json();
		if (!answer.ok) throw new Error([said.detail, said.remedy].filter(Boolean).join(": "));
		return said;
	};
	const keys = list => (list || []).map(k => ({ ...k, id: bytes(k.id) }));
	const plain = c => {
		const r = c.response, response = { clientDataJSON: text(r.clientDataJSON) };
		for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (r[part]) response[part] = text(r[part]);
		if (r.getTransports) response.transports = r.getTransports();
		return { id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment || undefined, clientExtensionResults: c.getClientExtensionResults(), response };
	};
	const logIn = async form => {
		const { publicKey: k, ticket } = await send("/login/passkey/begin", "", {});
		const credential = await navigator.credentials.get({ publicKey: { ...k, challenge: bytes(k.challenge), allowCredentials: keys(k.allowCredentials) } });
		return send("/login/passkey", "", { ticket, credential: plain(credential), next: form.elements.next.value });
	};
	const make = async form => {
		const e = form.elements, csrf = e.csrf.value;
		const { publicKey: k, ticket } = await send("/settings/passkeys/begin", csrf, { password: e.password.value });
		const credential = await navigator.credentials.create({ publicKey: { ...k, challenge: bytes(k.challenge), user: { ...k.user, id: bytes(k.user.id) }, excludeCredentials: keys(k.excludeCredentials) } });
		return send("/settings/passkeys/new", csrf, { ticket, credential: plain(credential), label: e.label.value });
	};
	for (const form of document.querySelectorAll("form[data-passkey]")) {
		if (!window.PublicKeyCredential) continue;
		form.hidden = false;
		const problem = form.querySelector(".problem");
		form.addEventListener("submit", async event => {
			event.preventDefault();
			problem.hidden = true;
			try {
				const { next } = await (form.dataset.passkey === "new" ? make : logIn)(form);
				location.assign(next);
			} catch (err) {
				// What the browser itself says is for programmers; what the hub says is for people.
				problem.textContent = err instanceof DOMException ? form.dataset.failed : err.message || form.dataset.failed;
				problem.hidden = false;
				for (const b of form.querySelectorAll("button[aria-busy]")) b.removeAttribute("aria-busy");
			}
		});
	}
})();
