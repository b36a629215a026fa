package words

// noticePhrases are what people are told of (center/notify, center/causes.go), on the page and elsewhere.
func noticePhrases() []phrase {
	return append(dates(), []phrase{
		{"Open", "", "Öffnen"},
		{"This is a test", "", "Dies ist ein Versuch"},
		{"Tandem tells you so when something needs you.", "", "So sagt Ihnen Tandem, wenn etwas Sie braucht."},
		{"Each of these is told once. What you are told, and when, is set at the command line with `tandem notify set`, or on the page under Settings.", "",
			"Jedes davon wird einmal gesagt. Was Ihnen gesagt wird und wann, stellen Sie auf der Befehlszeile mit `tandem notify set` ein oder auf der Seite unter Einstellungen."},
		{"%s things need you", "", "%s Dinge brauchen Sie"},
		{"and %s more", "", "und %s weitere"},
		{"%s conflict", "", "%s Konflikt"},
		{"%s conflicts", "", "%s Konflikte"},
		{"%s question", "", "%s Frage"},
		{"%s questions", "", "%s Fragen"},
		{"%s device waits", "", "%s Gerät wartet"},
		{"%s devices wait", "", "%s Geräte warten"},
		{"%n fails", "", "%s scheitert"},
		{"%s – %s", "", "%s – %s"},
		{"%s records of %n are set aside", "", "%s Datensätze von %s sind beiseitegelegt"},
		{"A record of %n is set aside", "", "Ein Datensatz von %s ist beiseitegelegt"},
		{"after failing again and again; the log says why", "", "nachdem sie immer wieder scheiterten; die Ergebnisse sagen, warum"},
		{"Conflict in %n", "", "Konflikt in %s"},
		{"a record", "", "ein Datensatz"},
		{"%n is held", "", "%s ist angehalten"},
		{"%n waits for its first sync", "", "%s wartet auf den ersten Abgleich"},
		{"%n asks whether to sync now", "", "%s fragt, ob jetzt abgeglichen werden soll"},
		{"after %s", "", "nach: %s"},
		{"A folder of %n is to be removed", "", "Ein Ordner von %s soll entfernt werden"},
		{"A device of %n waits to be let in", "", "Ein Gerät von %s wartet auf Zulassung"},
		{"Your device waits to be let in", "", "Ihr Gerät wartet auf Zulassung"},
		{"%s – an administrator of the hub lets it in", "", "%s – ein Administrator des Hubs lässt es zu"},
		{"let it in with `tandem device allow %s`, or on its page", "allow it under Devices", "unter Geräte zulassen"},
		{"%s: removed at the place; removing it here waits for an answer", "", "%s: am Ort entfernt; ob es hier entfernt wird, wartet auf eine Antwort"},
		{"%s: removed here; removing it at the place waits for an answer", "", "%s: hier entfernt; ob es am Ort entfernt wird, wartet auf eine Antwort"},
		{"%n has a problem", "", "%s hat ein Problem"},
		{"has not synced for %s days", "", "seit %s Tagen nicht abgeglichen"},
		{"has not synced for %s days: %s", "", "seit %s Tagen nicht abgeglichen: %s"},
		{"%n has not synced for days", "", "%s wurde seit Tagen nicht abgeglichen"},
		{"last on %s", "", "zuletzt am %s"},
		{"last on %s; %s", "", "zuletzt am %s; %s"},
		{"it works offline: %s", "", "es arbeitet ohne Verbindung: %s"},
		{"it waits for %s", "", "es wartet auf %s"},
		{"sync it with `tandem sync %n`, which says what is in the way, or leave it alone with `tandem item disable %n`", "start %s, which says what is in the way, or switch it off",
			"%s abgleichen, was sagt, woran es liegt, oder ausschalten"},
		{"your word how its sides meet: `tandem item first %s`", "your word how its sides meet, for which you are asked under Conflicts", "Ihr Wort, wie seine Seiten zusammenkommen; danach wird unter Konflikte gefragt"},
		{"it is new, and was to be looked at before its first sync", "", "es ist neu und sollte vor dem ersten Abgleich angesehen werden"},
		{"look at the device", "", "das Gerät ansehen"},
		{"look at the item", "", "den Abgleich ansehen"},
		{"what the run overwrote", "", "was der Lauf überschrieben hat"},
		{"the record's history", "", "der Verlauf des Datensatzes"},
		{"open it", "", "öffnen"},
		{"look at it", "", "ansehen"},
		{"it came before the days that are synced (option days)", "it came before the days that are synced", "es kam vor den Tagen, die abgeglichen werden"},
		{"the pattern %s leaves it out", "", "das Muster %s lässt es aus"},
		{"it holds no event, task, note or contact", "", "es enthält keinen Termin, keine Aufgabe, keine Notiz und keinen Kontakt"},
		{"the place does not say why", "", "der Ort sagt nicht, warum"},
		{"for other reasons", "", "aus anderen Gründen"},
		{"nothing to be set: it is not what this item syncs", "", "nichts einzustellen: Dieser Abgleich gleicht anderes ab"},
		{"mend it, then sync again: it is looked at with every run", "", "in Ordnung bringen und erneut abgleichen: Jeder Lauf sieht es sich an"},
		{"raise the limit at the other side, or make it smaller", "", "die Grenze der anderen Seite anheben oder es verkleinern"},
		{"give it another name", "", "ihm einen anderen Namen geben"},
	}...)
}

// dates are days as reminders write them: "2 January 2006".
func dates() (out []phrase) {
	for en, de := range map[string]string{"January": "Januar", "February": "Februar", "March": "März", "April": "April", "May": "Mai", "June": "Juni", "July": "Juli", "August": "August",
		"September": "September", "October": "Oktober", "November": "November", "December": "Dezember"} {
		out = append(out, phrase{"%s " + en + " %s", "", "%s. " + de + " %s"})
	}
	return out
}
