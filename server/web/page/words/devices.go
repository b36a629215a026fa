package words

import "strings"

// devicePhrases are what the log says of devices, and why they stand as they do. Package partner/device
func devicePhrases() []phrase {
	out := []phrase{
		{"%n of %n: removed by %n", "", "%n von %n: von %n entfernt"},
		{"%n of %n: starts over, asked by %n", "", "%n von %n: fängt von vorn an, auf Wunsch von %n"},
		{"%n of %n: is offered what is right for its sort, asked by %n", "", "%n von %n: bekommt angeboten, was für seine Art richtig ist, auf Wunsch von %n"},
		{"%n of %n: is offered %n, asked by %n", "%n of %n: is offered protocol version %n, asked by %n", "%n von %n: bekommt Protokollversion %n angeboten, auf Wunsch von %n"},
		{"%n of %n: is told of news: at once, asked by %n", "%n of %n: is told of news at once, asked by %n", "%n von %n: erfährt sofort von Neuem, auf Wunsch von %n"},
		{"%n of %n: is told of news: %n, asked by %n", "", "%n von %n: erfährt von Neuem: %n, auf Wunsch von %n"},
		{"%n of %n: obeys its policy in part only", "", "%n von %n: hält seine Richtlinie nur zum Teil ein"},
		{"%n of %n: two devices use its id: one is %n, the other %n; they disturb each other", "", "%n von %n: zwei Geräte verwenden seine Kennung: eines ist %n, das andere %n; sie stören einander"},
		{"set the account up anew on one of them, under another profile; then `tandem device resync %n`", "set the account up anew on one of them, under another profile; then have it sync from the beginning", "das Konto auf einem der beiden neu einrichten, unter einem anderen Profil; dann von Anfang an abgleichen lassen"},
		{"%n of %n: %n takes the wipe back", "", "%n von %n: %n nimmt das Löschen zurück"},
		{"%n of %n: %n takes the wipe back; it has been told already and may still do it", "", "%n von %n: %n nimmt das Löschen zurück; es weiß schon davon und tut es vielleicht noch"},
		{"take it back with `tandem device wipe --cancel %n` before it is next seen", "take it back on its page before it is next seen", "auf seiner Seite zurücknehmen, bevor es sich wieder meldet"},
		{"ask again with `tandem device wipe`, or block it", "ask again on its page, or block it", "auf seiner Seite noch einmal verlangen, oder es sperren"},
		{"if it shall sync again: `tandem device allow %n`", "if it shall sync again: allow it on its page", "wenn es wieder abgleichen soll: auf seiner Seite zulassen"},
		{"%n of %n: %n was shown its recovery password", "", "%n von %n: %n hat sein Wiederherstellungskennwort gesehen"},
		{"if that was nobody you know, have another password set on it", "", "wenn das niemand Bekanntes war, ein anderes Kennwort darauf setzen lassen"},
		{"the device left none", "", "das Gerät hat keines hinterlegt"},
		{"have it leave one with `tandem device policy set PasswordRecoveryEnabled=yes --user %n --device %n`; it does so when its password is set the next time", "have it leave one by its policy, on its page; it does so when its password is set the next time", "es durch seine Richtlinie eines hinterlegen lassen, auf seiner Seite; das tut es, wenn sein Kennwort das nächste Mal gesetzt wird"},
		{"it was wiped", "", "es wurde gelöscht"},
	}
	access := map[string]string{"allowed": "zugelassen", "held": "zurückgehalten", "blocked": "gesperrt"}
	for now, said := range access {
		out = append(out, phrase{now + " by %n", "", said + " von %n"})
		for was, before := range access {
			out = append(out, phrase{"%n of %n: " + now + " by %n, was " + was, "", "%n von %n: " + said + " von %n, war " + before},
				phrase{"%n of %n: " + now + ", was " + was + " (%s)", "", "%n von %n: " + said + ", war " + before + " (%s)"})
		}
	}
	for text, said := range map[string]string{"the whole device": "das ganze Gerät", "this account and its data on it": "dieses Konto und seine Daten darauf"} {
		out = append(out, phrase{"%n of %n: %n asks for a wipe of " + text, "", "%n von %n: %n verlangt zu löschen: " + said}, phrase{"%n of %n: was told to wipe " + text, "", "%n von %n: soll löschen: " + said},
			phrase{"%n of %n: could not wipe " + text, "", "%n von %n: konnte nicht löschen: " + said}, phrase{"%n of %n: has wiped " + text, "", "%n von %n: hat gelöscht: " + said})
	}
	return append(out, byCommand(out)...)
}

// byCommand are the same phrases where nobody is named, but the command line.
func byCommand(list []phrase) (out []phrase) {
	const who, whom = "by the command line", "über die Befehlszeile"
	for _, p := range list {
		if strings.Contains(p.text, ": %n ") { // who does it stands first
			out = append(out, phrase{strings.Replace(p.text, ": %n ", ": the command line ", 1), strings.Replace(p.en, ": %n ", ": the command line ", 1), strings.Replace(p.de, ": %n ", ": die Befehlszeile ", 1)})
		}
		if !strings.Contains(p.text, "by %n") {
			continue
		}
		de := strings.Replace(p.de, "auf Wunsch von %n", whom, 1)
		if at := strings.LastIndex(de, "von %n"); de == p.de {
			de = de[:at] + whom + de[at+len("von %n"):]
		}
		out = append(out, phrase{strings.Replace(p.text, "by %n", who, 1), strings.Replace(p.en, "by %n", who, 1), de})
	}
	return out
}
