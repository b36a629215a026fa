// The service worker that shows what the hub tells: it has no cache and answers no requests. Push API 10, Notifications API
"use strict";
self.addEventListener("push", event => {
	let m = {};
	try { m = event.data.json(); } catch { /* a message that cannot be read still says that there is one */ }
	event.waitUntil(self.registration.showNotification(m.title || "Tandem", { body: m.text || "", tag: m.tag || "", data: { link: m.link || "/" } }));
});
self.addEventListener("notificationclick", event => {
	event.notification.close();
	const to = new URL(event.notification.data.link, self.location.origin);
	if (to.origin !== self.location.origin) return;
	event.waitUntil((async () => {
		for (const page of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
			try {
				await page.focus();
				await page.navigate(to.href);
				return;
			} catch { /* another one, or a new one */ }
		}
		await self.clients.openWindow(to.href);
	})());
});
