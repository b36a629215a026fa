package web_test

import "strings"

const markup = `<b onmouseover="alert(1)">Zoë</b>`

// rows are what is sent. Where a form has several, each sends another thing that is wrong.
func (h *refusing) rows() []refusal {
	var out []refusal
	for _, part := range [][]refusal{buttonRows(), itemRows(), placeRows(), deviceRows(), peopleRows(), mailRows(), settingsRows(), conflictRows()} {
		out = append(out, part...)
	}
	return out
}

// buttonRows are of forms in which nothing is typed: what their buttons name is gone by the time that they are pressed.
func buttonRows() []refusal {
	return []refusal{
		{forms: "board /sync/start; card /sync/start; row /sync/start; item-state /sync/start", page: "/", to: "/sync/start", send: sent("item", markup), says: markup},
		{forms: "board /sync/stop; card /sync/stop; row /sync/stop; item-state /sync/stop", page: "/items/mine", to: "/sync/stop", send: sent("item", "gone"), says: "gone"},
		{forms: "row /items/*/enabled; item-state /items/*/enabled; trace */trace; webhooks /settings/webhooks/private; repair /health/repair; head /logout", page: "/"}, // whatever is not yes is no
		{forms: "task-buttons /handler/order", page: "/partners/{annas}", to: "/handler/order", send: sent("handler", "nobody", "do", "start"), says: "nobody"},
		{forms: "device-row /devices/*/* do=allow; phone-seen /devices/*/* do=allow", page: "/devices", to: "/devices/anna/NOBODY", send: sent("do", "allow"), says: "NOBODY"},
	}
}

var long = strings.Repeat("ä", 5000)

func itemRows() []refusal {
	settings, schedule := "/items/mine/settings", "/items/mine/schedule"
	return []refusal{
		{forms: "item-settings", page: settings, send: sent("mode", "manual", "schedule", "now and then"), field: "schedule", says: "now and then"},
		{forms: "item-settings", page: settings, send: sent("mode", "manual", "schedule", markup), field: "schedule", says: "not understood"},
		{forms: "item-settings", page: settings, send: sent("mode", "manual", "schedule", "at 25:61"), field: "schedule", says: "25:61"},
		{forms: "item-settings", page: settings, send: sent("mode", "sometimes", "schedule", ""), field: "mode", says: "sometimes"},
		{forms: "item-settings", page: settings, send: sent("policy", markup), field: "policy", says: "is not a choice"},
		{forms: "item-settings", page: settings, send: sent("mode", "manual", "schedule", long), field: "schedule", says: "schedule"},
		{forms: "schedule", page: schedule, send: sent("new-sort", "at", "new-at", ""), field: "new-at", says: "no time of day was typed"},
		{forms: "schedule", page: schedule, send: sent("new-sort", "at", "new-at", "quarter past"), field: "new-at", says: "quarter past"},
		{forms: "schedule", page: schedule, send: sent("new-sort", "every", "new-n", "-3", "new-unit", "h"), field: "new-n", says: "-3"},
		{forms: "schedule", page: schedule, send: sent("new-sort", "every", "new-n", markup, "new-unit", "h"), field: "new-n", says: "is not a time"},
		{forms: "schedule", page: schedule, send: sent("new-sort", "every", "new-n", "2", "new-unit", "h", "new-from", "08:00", "new-to", ""), field: "new-to", says: "until"},
		{forms: "schedule", page: schedule, send: sent("quiet-from", "22:00", "quiet-to", ""), field: "quiet-to", says: "until"},
		{forms: "schedule", page: schedule, send: sent("quiet-from", "", "quiet-to", "07:00"), field: "quiet-from", says: "from"},
		{forms: "schedule", page: schedule, send: sent("peak", "yes", "peak-from", "", "peak-to", "18:00", "peak-in", "on change", "peak-out", "manual"), field: "peak-from", says: "from"},
		{forms: "schedule", page: schedule, send: sent("battery", "much"), field: "battery", says: "much"},
		{forms: "schedule", page: schedule, send: sent("battery", "700"), field: "battery", says: "700"},
		{forms: "schedule", page: schedule, send: sent("networks", "Home; every 1s"), field: "networks", says: "semicolon"},
		{forms: "plan /items/*/plan", page: "/items/fresh/plan?first=combine", to: "/items/fresh/plan", send: sent("do", "whatever"), says: "whatever"},
		{forms: "history get", page: "/history?q=%3Cb%20onmouseover%3D1%3E"},
		{forms: "results get", page: "/log?level=%3Cb%20onmouseover%3D1%3E&item=%3Cb%20onmouseover%3D1%3E&q=%00"},
		{forms: "clear /log/clear", page: "/log/clear", send: sent("age", "for ever"), field: "age", says: "for ever"},
		{forms: "ask *", page: "/collections/{coll}/remove", send: sent("all", ""), field: "all", says: "it has records"},
		{forms: "ask *", page: "/people/anna/remove", send: sent("all", ""), field: "all", says: "anna"},
		{forms: "first", page: "/places/first?item=fresh", to: "/places/first", send: sent("item", "fresh", "first-fresh", "combine", "when", "always"), field: "when", says: "always"},
	}
}

func placeRows() []refusal {
	net, office := "/places/add/net", "/partners/office/folders"
	return []refusal{
		{forms: "partner-form /places/add/*", page: net, send: sent("path", "", "o-password", "right"), field: "path", says: "no address was typed"},
		{forms: "partner-form /places/add/*", page: net, send: sent("path", markup, "o-password", "right"), field: "path", says: "Zo"},
		{forms: "partner-form /places/add/*", page: net, send: sent("path", "annas", "o-password", "wrong"), field: "o-password", says: "the password is wrong"},
		{forms: "partner-settings /partners/*/settings", page: "/partners/server/settings", send: sent("o-password", "wrong"), field: "o-password", says: "the password is wrong"},
		{forms: "handler /places/pick; partner-form /places/pick", page: "/partners/{annas}?look=1", to: "/places/pick", send: sent("home-0", "", "new-0", "x"), field: "pick-0", says: "no collection was picked"},
		{forms: "folders * do=follow", page: office, send: sent("do", "follow", "under", "a/../b"), field: "under", says: "a/../b"},
		{forms: "folders * do=follow", page: office, send: sent("do", "follow", "under", markup+"/\x07"), field: "under", says: "Zo"},
		{forms: "folders * do=when; folders * do=restore", page: "/partners/followed/folders", send: sent("do", "when", "when", markup), field: "when", says: "not understood"},
	}
}

func deviceRows() []refusal {
	phone, rules := "/devices/anna/PHONE1", "/device-rules"
	return []refusal{
		{forms: "device * do=news", page: phone, send: sent("do", "news", "news", "not metered"), field: "news", says: "telling news"},
		{forms: "device * do=news", page: phone, send: sent("do", "news", "news", markup), field: "news", says: "not understood"},
		{forms: "device * do=news", page: phone, send: sent("do", "news", "news", "quiet 22:00"), field: "news", says: "22:00"},
		{forms: "device * do=news", page: phone, send: sent("do", "news", "news", long), field: "news", says: "long"},
		{forms: "device * do=version", page: phone, send: sent("do", "version", "version", "9.9"), field: "version", says: "9.9"},
		{forms: "device * do=allow; device * do=hold; device * do=resync; device * do=cancel wipe", page: phone, send: sent("do", "fly"), says: "fly"},
		{forms: "device */policy", page: phone, to: phone + "/policy", send: sent("name", "MinDevicePasswordLength", "value", "many"), field: "value", says: "1 to 16"},
		{forms: "device */policy", page: phone, to: phone + "/policy", send: sent("name", "MinDevicePasswordLength", "value", "99"), field: "value", says: "1 to 16"},
		{forms: "device */policy", page: phone, to: phone + "/policy", send: sent("name", "NoSuchThing", "value", "1"), field: "name", says: "NoSuchThing"},
		{forms: "device-rules /device-rules", page: rules, send: sent("access", "held", "user", "", "type", markup, "model", "", "max", "many", "note", "n", "before", "0"), field: "max", says: "many"},
		{forms: "device-rules /device-rules", page: rules, send: sent("access", "held", "max", "-1"), field: "max", says: "negative"},
		{forms: "device-rules /device-rules", page: rules, send: sent("access", "maybe"), field: "access", says: "allowed, held or blocked"},
		{forms: "device-rules /device-rules", page: rules, send: sent("access", "held", "before", "9"), field: "before", says: "9"},
		{forms: "device-rules /device-rules", page: rules, send: sent("access", "held", "note", long), field: "note", says: "500"},
	}
}

func peopleRows() []refusal {
	ben, coll := "/people/ben", "/collections/{coll}"
	return []refusal{
		{forms: "people", page: "/people", send: sent("name", "", "title", "T", "address", "t@example.org", "password", "correct horse"), field: "name", says: "name"},
		{forms: "people", page: "/people", send: sent("name", markup, "title", "T", "address", "", "password", "correct horse"), field: "name", says: "zo"},
		{forms: "people", page: "/people", send: sent("name", "Jürgen Größe", "title", "T", "address", "", "password", "correct horse"), field: "name", says: "jürgen"},
		{forms: "people", page: "/people", send: sent("name", "ben", "title", markup, "address", "", "password", "correct horse"), field: "name", says: "ben"},
		{forms: "people", page: "/people", send: sent("name", "carl", "title", "Carl", "address", "", "password", "short"), field: "password", says: "8"},
		{forms: "people", page: "/people", send: sent("name", "carl", "title", "Carl", "address", "no address", "password", "correct horse"), field: "address", says: "no mail address"},
		{forms: "people", page: "/people", send: sent("name", "carl", "title", long, "address", "", "password", "correct horse"), field: "title", says: "200"},
		{forms: "bounds *", page: "/people", to: "/bounds", send: sent("provider", markup), says: "Zo"},
		{forms: "bounds *", page: ben, to: ben + "/bounds", send: sent("provider", "mem"), says: "mem"},
		{forms: "person *", page: ben, send: sent("title", "B", "address", markup), field: "address", says: "no mail address"},
		{forms: "person *", page: ben, send: sent("title", long, "address", ""), field: "title", says: "200"},
		{forms: "person *", page: "/people/anna", send: sent("title", "A", "address", "a@example.org"), field: "admin", says: "administrator"},
		{forms: "person */password", page: ben, to: ben + "/password", send: sent("password", "short"), field: "password", says: "8"},
		{forms: "person */factors do=codes; person */factors do=passkey", page: "/people/anna", to: "/people/anna/factors", send: sent("do", "passkey", "id", "x"), says: "x"},
		{forms: "collection do=rename", page: coll, send: sent("do", "rename", "name", ""), field: "name", says: "name"},
		{forms: "collection do=rename", page: coll, send: sent("do", "rename", "name", markup+"/x"), field: "name", says: "Zo"},
		{forms: "collection do=rename", page: coll, send: sent("do", "rename", "name", long), field: "name", says: "name collection"},
		{forms: "collection do=share", page: coll, send: sent("do", "share", "with", "nobody such", "write", "yes"), field: "with", says: "nobody such"},
		{forms: "collection do=share", page: coll, send: sent("do", "share", "with", "anna"), field: "with", says: "anna"},
		{forms: "collection do=share", page: coll, send: sent("do", "share", "with", ""), field: "with", says: ""},
		{forms: "collection do=link", page: coll, send: sent("do", "link", "label", long), field: "label", says: "at most 100"},
		{forms: "collection do=unshare", page: coll, send: sent("do", "unshare", "with", "carl"), says: "carl"},
		{forms: "collection do=hide", who: "ben", page: coll, send: sent("do", "vanish"), says: "nothing was chosen"},
		{forms: "login; login /login", who: "nobody", page: "/login", send: sent("name", markup, "password", "wrong"), field: "password", says: "password is wrong"},
		{forms: "login /login", who: "nobody", page: "/login", send: sent("name", "", "password", ""), field: "name", says: "password is wrong"},
	}
}

func mailRows() []refusal {
	own := "/settings/mail"
	server := func(to, page, back string) []refusal {
		row := func(field, says string, pairs ...string) refusal {
			v := sent("host", "mail.example.org", "port", "587", "tls", "starttls", "login", "anna", "password", "geheim wort")
			if back != "" {
				v.Set("back", back)
			}
			for i := 0; i < len(pairs); i += 2 {
				v.Set(pairs[i], pairs[i+1])
			}
			return refusal{page: page, to: to, send: v, field: field, says: says}
		}
		return []refusal{row("host", "", "host", ""), row("port", "port", "port", "x"), row("port", "port", "port", "70000"), row("port", "port", "port", ""), row("host", "Zo", "host", markup), row("tls", "rot13", "tls", "rot13"),
			row("host", "long", "host", strings.Repeat("a", 3000))}
	}
	named := func(form string, list []refusal) []refusal {
		for i := range list {
			list[i].forms = form
		}
		return list
	}
	out := []refusal{
		{forms: "own-mail /mail/*", page: own, to: "/mail/{doubt}", send: sent("do", "again"), field: "to", says: "nobody is ticked"},
		{forms: "own-mail /mail/* do=retry", page: own, to: "/mail/{doubt}9", send: sent("do", "retry"), says: "find message"},
		{forms: "mail-cards */invitations", page: own, to: "/people/anna/invitations", send: sent("invitations", "sometimes", "back", own), field: "invitations", says: "sometimes"},
	}
	absent := func(field, says string, pairs ...string) refusal {
		v := sent("state", "between", "from", "2026-12-21T08:00", "until", "2027-01-04T08:00", "who", "all", "text", "I am away.", "back", own)
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return refusal{forms: "mail-cards */away", page: own, to: "/people/anna/away", send: v, field: field, says: says}
	}
	out = append(out, absent("state", "sometimes", "state", "sometimes"), absent("from", "begins", "from", ""), absent("from", "begins", "from", markup), absent("until", "ends", "until", "soon"), absent("until", "before", "until", "2026-12-20T08:00"),
		absent("text", "no text", "text", ""), absent("text", "too long", "text", strings.Repeat("ä", 70<<10)), absent("who", "not said", "who", "nobody"))
	out = append(out, named("mail-cards */mail", server("/people/anna/mail", own, own))...)
	out = append(out, named("mail-cards */mail", server("/people/ben/mail", "/people/ben", ""))...)
	out = append(out, named("mail-cards */filter", server("/people/anna/filter", own, own))...)
	return append(out, named("notify /settings/notify/server", server("/settings/notify/server", "/settings/notify", ""))...)
}

func settingsRows() []refusal {
	notify, hooks, own := "/settings/notify", "/settings/webhooks", "/settings"
	return []refusal{
		{forms: "settings /settings/look", page: own, to: "/settings/look", send: sent("lang", markup, "theme", "auto"), field: "lang", says: "Zo"},
		{forms: "settings /settings/look", page: own, to: "/settings/look", send: sent("lang", "", "theme", "pink"), field: "theme", says: "pink"},
		{forms: "settings /settings/password", page: own, to: "/settings/password", send: sent("old", password, "password", "one horse two", "again", "two horse one"), field: "again", says: "differ"},
		{forms: "settings /settings/password", page: own, to: "/settings/password", send: sent("old", "wrong horse", "password", "one horse two", "again", "one horse two"), field: "old", says: ""},
		{forms: "settings /settings/password", page: own, to: "/settings/password", send: sent("old", password, "password", "short", "again", "short"), field: "password", says: "8"},
		{forms: "settings /settings/password", page: own, to: "/settings/password", send: sent("old", "", "password", "", "again", ""), field: "old", says: ""},
		{forms: "settings /settings/visits", page: own, to: "/settings/visits", send: sent("visit", "x"), says: "x"},
		{forms: "app-list /app-passwords", page: own, to: "/app-passwords", send: sent("label", "", "user", "anna"), field: "label", says: ""},
		{forms: "app-list /app-passwords", page: own, to: "/app-passwords", send: sent("label", long, "user", "anna"), field: "label", says: "at most 100"},
		{forms: "app-list /app-passwords", page: "/people/ben", to: "/app-passwords", send: sent("label", "", "user", "ben"), field: "label", says: ""},
		{forms: "app-list /app-passwords/revoke", page: own, to: "/app-passwords/revoke", send: sent("label", "gone", "user", "anna"), says: "gone"},
		{forms: "phone /app-passwords", page: "/phone?for=ios", to: "/app-passwords", send: sent("label", "", "for", "ios"), field: "label", says: ""},
		{forms: "codes /settings/codes", page: "/settings/codes", send: sent("old", "wrong horse"), field: "old", says: ""},
		{forms: "codes /settings/codes/confirm; codes /settings/codes/recovery", page: "/settings/codes", to: "/settings/codes", send: sent("old", ""), field: "old", says: ""},
		{forms: "passkeys /settings/passkeys do=rename", page: "/settings/passkeys", send: sent("do", "rename", "id", "1", "label", ""), field: "label", says: ""},
		{forms: "passkeys /settings/passkeys do=rename", page: "/settings/passkeys", send: sent("do", "rename", "id", "1", "label", long), field: "label", says: "at most 100"},
		{forms: "passkeys /settings/passkeys do=remove", page: "/settings/passkeys", send: sent("do", "remove", "id", "77"), says: ""},
		{forms: "notify /settings/notify", page: notify, send: sent("mail", "on", "quiet", "all night", "every", "15m", "after", "30m", "language", "de"), field: "quiet", says: "all night"},
		{forms: "notify /settings/notify", page: notify, send: sent("quiet", markup, "every", "15m", "after", "30m", "language", "de"), field: "quiet", says: "are missing"},
		{forms: "notify /settings/notify", page: notify, send: sent("quiet", "", "every", "soon", "after", "30m", "language", "de"), field: "every", says: "soon"},
		{forms: "notify /settings/notify", page: notify, to: notify + "/test", send: sent("quiet", "25:00-26:00", "every", "15m", "after", "30m", "language", "de"), field: "quiet", says: "25:00-26:00"},
		{forms: "webhooks /settings/webhooks", page: hooks, send: sent("url", ""), field: "url", says: ""},
		{forms: "webhooks /settings/webhooks", page: hooks, send: sent("url", "ftp://example.org/"), field: "url", says: "http"},
		{forms: "webhooks /settings/webhooks", page: hooks, send: sent("url", markup), field: "url", says: "Zo"},
		{forms: "webhooks /settings/webhooks", page: hooks, send: sent("url", "https://example.org/"+strings.Repeat("a", 3000)), field: "url", says: "longer"},
		{forms: "webhooks /settings/webhooks", page: hooks, send: sent("url", "https://example.org/", "event", "run.flown"), says: "run.flown"},
		{forms: "webhook /settings/webhooks/* do=save", page: hooks + "/{hook}", send: sent("do", "save", "url", "nowhere", "enabled", "on"), field: "url", says: "nowhere"},
		{forms: "webhook /settings/webhooks/* do=retry; webhook /settings/webhooks/*", page: hooks + "/{hook}", send: sent("do", "retry", "delivery", "x"), says: "x"},
		{forms: "notify /settings/notify/browser", page: notify, to: notify + "/browser", send: sent("browser", "x"), says: "x"},
	}
}

func conflictRows() []refusal {
	one := "/conflicts/{conflict}"
	return []refusal{
		{forms: "conflicts get", page: "/conflicts?item=%3Cb%20onmouseover%3D1%3E"},
		{forms: "inbox /conflicts", page: "/conflicts", send: sent("take", "newest"), field: "conflict", says: "none was ticked"},
		{forms: "inbox /conflicts", page: "/conflicts", send: sent("conflict", "{conflict}", "take", "dice"), field: "take", says: "dice"},
		{forms: "question /questions", page: "/conflicts", to: "/questions", send: sent("item", "fresh", "answer", "whatever"), says: "whatever"},
		{forms: "conflict", page: one, send: sent("body", "x"), field: "answer", says: "no answer was chosen"},
		{forms: "conflict", page: one, send: sent("answer", "dice"), field: "answer", says: "dice"},
		{forms: "conflict", page: one, send: sent("answer", "both", "name", markup+"/\x07"), field: "name", says: "no name"},
		{forms: "conflict", page: one, send: sent("answer", "body", "body", "no card at all"), field: "body", says: ""},
		{forms: "conflict", page: one, send: sent("answer", "body", "body", ""), field: "body", says: ""},
		{forms: "kind-rules /conflicts/rules", page: "/conflicts/rules", send: sent("contact-policy", "whatever", "was-contact-policy", ""), field: "contact-policy", says: "whatever"},
		{forms: "kind-rules /conflicts/rules", page: "/conflicts/rules?of=everybody", to: "/conflicts/rules", send: sent("of", "everybody", "contact-delete-vs-change", markup, "was-contact-delete-vs-change", ""), field: "contact-delete-vs-change", says: "is not a choice"},
	}
}
