package words

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// phrase is a text that another package makes: of the log, of errors, of handlers and providers. %s stands for whatever is put in, which is said in turn, and
// %n for a name, which is the same in every language, even if it is a word of one.
type phrase struct {
	text   string // as it is made
	en, de string // as pages say it; en "": as it is made
}

// phrases are those texts as one language says them.
type phrases struct {
	exact    map[string]string
	patterns []pattern
}

type pattern struct {
	find   *regexp.Regexp
	says   string
	speaks bool   // it has words of its own
	names  []bool // which of what is put in are names
}

// slot is where something is put into a phrase.
var slot = regexp.MustCompile(`%[sn]`)

// phrasesIn prepares the phrases of a language.
func phrasesIn(lang string) phrases {
	out := phrases{exact: map[string]string{}}
	list := slices.Concat(hubPhrases(), devicePhrases(), refusalPhrases(), noticePhrases(), codePhrases(), providerPhrases(), fieldPhrases(), repairPhrases())
	// The longest first, so that the most particular one is taken.
	slices.SortStableFunc(list, func(a, b phrase) int { return cmp.Compare(len(b.text), len(a.text)) })
	for _, p := range list {
		says := cmp.Or(p.en, p.text)
		if lang == "de" {
			says = p.de
		}
		slots := slot.FindAllString(p.text, -1)
		if len(slots) == 0 {
			out.exact[p.text] = says
			continue
		}
		names := make([]bool, len(slots))
		for i, s := range slots {
			names[i] = s == "%n"
		}
		find := "^" + slot.ReplaceAllString(regexp.QuoteMeta(p.text), "(.+?)") + "$"
		out.patterns = append(out.patterns, pattern{regexp.MustCompile(find), slot.ReplaceAllString(says, "%s"), strings.ContainsFunc(slot.ReplaceAllString(p.text, ""), unicode.IsLetter), names})
	}
	return out
}

// Say says a text that other packages made: of errors, handlers, providers. What the language does not know is said as it is.
func (w Words) Say(text string) string {
	said, _ := w.Said(text)
	return said
}

// Said is Say, and whether all of it is in the language, so that the rest can be marked as English.
func (w Words) Said(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	if s, ok := w.table[text]; ok {
		return s, true
	}
	if s, ok := w.phrases().exact[text]; ok {
		return s, true
	}
	for _, sep := range []string{" – ", "; "} { // what helps stands behind a dash, in notices
		if said, ok := w.together(text, sep); ok {
			return said, true
		}
	}
	for _, p := range w.phrases().patterns {
		if m := p.find.FindStringSubmatch(text); m != nil {
			parts, all := strings.Split(p.says, "%s"), true
			said := parts[0]
			for i, part := range parts[1:] { // a language may leave the last ones out
				one, ok := m[i+1], true
				if !p.names[i] {
					one, ok = w.Said(one)
				}
				said, all = said+one+part, all && ok
			}
			return said, all || p.speaks
		}
	}
	for _, sep := range []string{"; ", ", "} {
		if strings.Contains(text, sep) {
			said, ok := w.together(text, sep)
			return said, ok || w.table == nil
		}
	}
	return text, w.table == nil
}

// together says a text that is put together of several, as summaries are.
func (w Words) together(text, sep string) (string, bool) {
	parts := strings.Split(text, sep)
	all := len(parts) > 1
	for i := range parts {
		if len(parts) > 1 {
			var ok bool
			parts[i], ok = w.Said(parts[i])
			all = all && ok
		}
	}
	return strings.Join(parts, sep), all
}

// hubPhrases are what the hub says in its log, of handlers, and in check-ups.
func hubPhrases() []phrase {
	return []phrase{
		{"to %s: %s", "", "zu %s: %s"},
		{"the hub was put back to an earlier state than the device knows; the device begins anew with %s", "", "der Hub wurde auf einen früheren Stand gebracht, als das Gerät ihn kennt; das Gerät beginnt von vorn mit %s"},
		{"what was made on the device since the backup, and was synced, has to be made again", "", "was seit der Sicherung auf dem Gerät angelegt und abgeglichen wurde, muss noch einmal angelegt werden"},
		{"%n was changed on the device, and the hub, which was put back to an earlier state, does not know it. What the device sent is in history as %s.", "", "%n wurde auf dem Gerät geändert, und der Hub, der auf einen früheren Stand gebracht wurde, kennt es nicht. Was das Gerät geschickt hat, ist im Verlauf als %s."},
		{"put it back from history if it does not come by itself, from where it came before", "", "aus dem Verlauf zurückholen, wenn es nicht von selbst wiederkommt, woher es vorher kam"},
		{"the phone asks only for what is newer than %s", "", "das Telefon fragt nur nach dem, was neuer ist als %s"},
		{"the phone asks only for tasks that are not finished", "", "das Telefon fragt nur nach Aufgaben, die nicht erledigt sind"},
		{"on the phone, in the settings of the account: choose more days of mail", "", "auf dem Telefon, in den Einstellungen des Kontos: mehr Tage Mail wählen"},
		{"on the phone, in the settings of the calendar: choose to sync further back", "", "auf dem Telefon, in den Einstellungen des Kalenders: weiter zurück abgleichen lassen"},
		{"have the phone show finished tasks, too, if it can", "", "das Telefon auch erledigte Aufgaben zeigen lassen, wenn es das kann"},
		{"to the phone: %s", "", "zum Telefon: %s"},
		{"from the phone: %s", "", "vom Telefon: %s"},
		{"%s beyond its window", "%s outside the time that it shows", "%s außerhalb der Zeit, die es zeigt"},
		{"%s refused", "", "%s abgelehnt"},
		{"it has not fetched everything yet", "", "es hat noch nicht alles geholt"},
		{"%s new", "", "%s neu"},
		{"%s changed", "", "%s geändert"},
		{"%s moved", "", "%s umbenannt"},
		{"%s deleted", "", "%s gelöscht"},
		{"%s conflict open", "", "%s Konflikt offen"},
		{"%s conflicts open", "", "%s Konflikte offen"},
		{"there is no such %s", "", "%s: das gibt es nicht"},
		{"a number from %s", "", "eine Zahl ab %s"},
		{"a number from %s to %s", "", "eine Zahl von %s bis %s"},
		{"a list, one value per line", "", "eine Liste, ein Wert je Zeile"},
		{"the server did not say whether it took the message", "", "der Server hat nicht gesagt, ob er die Nachricht angenommen hat"},
		{"ready", "", "bereit"},
		{"ready: store", "", "bereit: Speicher"},
		{"ready: addresses", "", "bereit: Adressen"},
		{"1 problem", "", "1 Problem"},
		{"%s problems", "", "%s Probleme"},
		{"held: nothing was done", "", "angehalten: nichts wurde getan"},
		{"stopped before the end", "", "vor dem Ende angehalten"},
		{"failed before the end", "", "vor dem Ende gescheitert"},
		{"what was done is recorded", "", "was getan wurde, ist festgehalten"},
		{"all else in step", "", "alles andere abgeglichen"},
		{"in step", "", "abgeglichen"},
		{"in step, nothing to do", "", "abgeglichen, nichts zu tun"},
		{"nothing to do", "", "nichts zu tun"},
		{"conflict: %s: %s", "", "Konflikt: %s: %s"},
		{"changed on both sides", "", "auf beiden Seiten geändert"},
		{"changed on both", "", "auf beiden Seiten geändert"},
		{"deleted on one side, changed on the other", "", "auf einer Seite gelöscht, auf der anderen geändert"},
		{"deleted on one, changed on the other", "", "auf einer Seite gelöscht, auf der anderen geändert"},
		{"the guard holds the plan: %s", "", "der Wächter hält den Plan an: %s"},
		{"%s of %s records would be deleted from %s", "", "%s von %s Datensätzen würden gelöscht: %s"},
		{"both places hold records and were never synced with each other", "", "beide Orte haben Datensätze und wurden nie miteinander abgeglichen"},
		{"say how they meet with --first combine, replace-a or replace-b", "say how they shall meet", "sagen Sie, wie sie zusammenkommen sollen"},
		{"both places hold records and were never synced with each other; say how they meet with --first combine, replace-a or replace-b", "Both places hold records, and were never synced with each other.", "Beide Orte haben Datensätze und wurden nie miteinander abgeglichen."},
		{"see `tandem conflict list`", "decide under Conflicts", "unter Konflikte entscheiden"},
		{"see them with `tandem conflict list`", "see them under Conflicts", "unter Konflikte ansehen"},
		{"look at it with `tandem conflict list`", "look under Conflicts", "unter Konflikte ansehen"},
		{"solve those listed and sync again", "", "die genannten lösen und erneut abgleichen"},
		{"%s more records had problems", "", "%s weitere Datensätze hatten Probleme"},
		{"conflicts wait", "", "Konflikte warten"},
		{"the last run had problems with single records", "", "der letzte Lauf hatte mit einzelnen Datensätzen Probleme"},
		{"see them with `tandem log`", "see them under Results", "unter Ergebnisse ansehen"},
		{"look at the preview, then sync again and let the plan go ahead, or have what was deleted restored", "answer under Conflicts: let the plan go ahead, or put back what was deleted", "unter Konflikte antworten: den Plan ausführen oder das Gelöschte zurückholen"},
		{"decide it", "", "entscheiden"},
		{"answer it", "", "beantworten"},
		{"opening both places", "", "öffnet beide Orte"},
		{"nothing: the device tries again; if it goes on, look under Health and run `tandem doctor`", "nothing: the device tries again; if it goes on, look under Health", "nichts: das Gerät versucht es noch einmal; bleibt es so, unter Befinden nachsehen"},
		{"nothing is lost: it is where it was; move it once more", "", "nichts ist verloren: es ist, wo es war; noch einmal verschieben"},
		{"see its policy with `tandem device show %s`; what it does not know it cannot obey, so block it if that must not be", "see its policy under Devices; what it does not know it cannot obey, so block it if that must not be", "seine Richtlinie unter Geräte ansehen; was es nicht kennt, kann es nicht befolgen: es sperren, wenn das nicht sein darf"},
		{"wait for its answer, which is told here", "", "auf seine Antwort warten, die hier steht"},
		{"look whether it still syncs as it should", "", "nachsehen, ob es noch abgleicht, wie es soll"},
		{"make new ones in the settings before none are left; if it was not you, choose another password", "", "in den Einstellungen neue machen, bevor keine mehr übrig sind; waren Sie es nicht, ein anderes Passwort wählen"},
		{"if it was not you, choose a password that nobody can guess", "", "waren Sie es nicht, ein Passwort wählen, das niemand errät"},
		{"give the hub the right to read it, or mount what it is on", "", "dem Hub das Recht geben, es zu lesen, oder einhängen, worauf es liegt"},
		{"it is tried again by itself", "", "es wird von selbst noch einmal versucht"},
		{"rename it", "", "es umbenennen"},
		{"rename one of the two", "", "eines von beiden umbenennen"},
		{"move one of them back", "", "eines davon zurückschieben"},
		{"rename it on one side to what it is called on the other", "", "es auf einer Seite so nennen, wie es auf der anderen heißt"},
		{"write it anew, or restore an older version from history", "", "es neu schreiben oder eine ältere Fassung aus dem Verlauf zurückholen"},
		{"move that elsewhere, or leave the folder", "", "das anderswohin verschieben oder den Ordner lassen"},
		{"sync again", "", "noch einmal abgleichen"},
		{"nothing: the next run looks again; if it goes on, see why the place can be read in part only", "", "nichts: der nächste Lauf sieht noch einmal nach; bleibt es so, nachsehen, warum der Ort nur zum Teil gelesen werden kann"},
		{"what this means, and what to do", "", "was das bedeutet, und was zu tun ist"},
		{"the sync by %s failed", "", "der Abgleich durch %s ist gescheitert"},
		{"look at what %s says about it", "", "nachsehen, was %s dazu sagt"},
		{"it was reported %s after %s", "", "gemeldet wurde %s nach %s"},
		{"nothing more was heard of it", "", "davon war nichts mehr zu hören"},
		{"it ended without saying how", "", "sie endete, ohne zu sagen, wie"},
		{"the sync by %s failed: %s", "", "der Abgleich durch %s ist gescheitert: %s"},
		{"%s logged in from %s", "", "%s hat sich angemeldet, von %s"},
		{"%s was made the first administrator, from %s", "", "%s wurde erster Administrator, von %s"},
		{"a log-in from %s was refused", "", "eine Anmeldung von %s wurde abgewiesen"},
		{"%s of %s: first contact from %s: allowed (%s)", "", "%s von %s: erster Kontakt von %s: zugelassen (%s)"},
		{"%s of %s: first contact from %s: held (%s)", "", "%s von %s: erster Kontakt von %s: zurückgehalten (%s)"},
		{"%s of %s: first contact from %s: blocked (%s)", "", "%s von %s: erster Kontakt von %s: gesperrt (%s)"},
		{"no rule is against it", "", "keine Regel spricht dagegen"},
		{"rule %s: %s", "", "Regel %s: %s"},
		{"rule %s", "", "Regel %s"},
		{"let it in with `tandem device allow %s`", "allow it under Devices", "unter Geräte zulassen"},
		{"added the app password %s for %s", "", "das App-Passwort %s für %s angelegt"},
		{"revoked the app password %s of %s", "", "das App-Passwort %s von %s widerrufen"},
		{"added the partner %s", "", "den Partner %s hinzugefügt"},
		{"removed the partner %s", "", "den Partner %s entfernt"},
		{"added the item %s with %s", "", "den Abgleich %s mit %s hinzugefügt"},
		{"removed the item %s", "", "den Abgleich %s entfernt"},
		{"removed collection %s", "", "die Sammlung %s entfernt"},
		{"changed what is known of the user %s", "", "die Angaben zum Benutzer %s geändert"},
		{"changed the webhook %s to %s", "", "den Webhook %s geändert, zu %s"},
		{"removed the webhook %s", "", "den Webhook %s entfernt"},
		{"made another key for the webhook %s", "", "einen anderen Schlüssel für den Webhook %s erzeugt"},
		{"added the user %s", "", "den Benutzer %s hinzugefügt"},
		{"removed the user %s", "", "den Benutzer %s entfernt"},
		{"set the password of %s", "", "das Passwort von %s gesetzt"},
		{"made %s an administrator", "", "%s zum Administrator gemacht"},
		{"took the rights of an administrator from %s", "", "%s die Rechte eines Administrators genommen"},
		{"cleared %s lines of the log", "", "%s Zeilen der Ergebnisse entfernt"},
		{"ordered %s: %s", "", "angeordnet: %s: %s"},
		{"made a link to collection %s", "", "einen Link zur Sammlung %s gemacht"},
		{"shared collection %s with %s", "", "die Sammlung %s mit %s geteilt"},
		{"no longer shares collection %s with %s", "", "teilt die Sammlung %s nicht mehr mit %s"},
		{"changed the policy of devices", "", "die Richtlinie für Geräte geändert"},
		{"added a rule for devices", "", "eine Regel für Geräte hinzugefügt"},
		{"changed the secret %s", "", "das Geheimnis %s geändert"},
		{"open folder %s: there is no such folder", "", "der Ordner %s ist nicht da"},
		{"open folder %s: no such file or directory", "", "der Ordner %s ist nicht da"},
		{"there is no such folder", "", "diesen Ordner gibt es nicht"},
		{"no such file or directory", "", "Datei oder Ordner nicht da"},
		{"check the path and whether its disk is mounted", "", "prüfen, ob der Pfad stimmt und der Datenträger eingehängt ist"},
		{"if it is to be a new folder, create it first", "", "ein neuer Ordner muss erst angelegt werden"},
		{"check the path and whether its disk is mounted; if it is to be a new folder, create it first", "", "prüfen, ob der Pfad stimmt und der Datenträger eingehängt ist; ein neuer Ordner muss erst angelegt werden"},
		{"if it is on a disk that is not mounted, mount it", "", "liegt er auf einem Datenträger, der nicht eingehängt ist, diesen einhängen"},
		{"if it is new, make it with mkdir", "", "ist er neu, ihn anlegen"},
		{"permission denied", "", "keine Berechtigung"},
		{"connection refused", "", "Verbindung abgelehnt"},
		{"wrong user name or password", "", "Benutzername oder Passwort falsch"},
		{"it is disabled", "", "es ist ausgeschaltet"},
		{"it is not connected", "", "es ist nicht verbunden"},
		{"it is not connected: %s", "", "es ist nicht verbunden: %s"},
		{"there is nothing to look at yet", "", "es gibt noch nichts anzusehen"},
		{"this cannot be done here", "", "das geht hier nicht"},
		{"a phone asks for what is new by itself", "", "ein Telefon fragt von selbst nach Neuem"},
		{"what is synced is chosen on the phone", "", "was abgeglichen wird, wählt man auf dem Telefon"},
		{"it has not asked for anything since then", "", "es hat seither nach nichts gefragt"},
		{"it is started by the program itself", "", "das Programm startet es selbst"},
		{"it can only be read: nothing is ever written there", "", "nur lesbar: dorthin wird nie geschrieben"},
		{"records are only brought in", "", "Datensätze werden nur hereingeholt"},
		{"this version of the program has no provider %s", "", "diese Fassung des Programms kennt den Anbieter %s nicht"},
		{"its handler is not set up: activate it first", "", "sein Partner ist nicht eingerichtet"},
		{"its handler is disabled", "", "sein Partner ist ausgeschaltet"},
		{"a wipe is %s", "", "Löschauftrag: %s"},
		{"address book", "", "Adressbuch"},
		{"calendar", "", "Kalender"},
		{"task list", "", "Aufgabenliste"},
		{"notebook", "", "Notizbuch"},
		{"mail folder", "", "Mailordner"},
		{"text messages", "", "Textnachrichten"},
		{"folder", "", "Ordner"},
		{"pictures", "", "Bilder"},
		{"bookmarks", "", "Lesezeichen"},
		{"discovered", "", "gefunden"},
		{"provider", "", "Anbieter"},
		{"cli", "", "Befehlszeile"},
		{"repair", "a repair", "einer Reparatur"},
		{"a sync from the command line", "", "einem Abgleich der Befehlszeile"},
		{"the hub, syncing by itself", "", "dem Hub, der von selbst abgleicht"},
		{"%s, with the phone %s", "", "%s, mit dem Telefon %s"},
		{"%s, with a program of theirs", "", "%s, mit einem eigenen Programm"},
		{"%s, in the page", "", "%s, auf der Seite"},
		{"%s, who put it back", "", "%s (zurückgelegt)"},
		{"%s, by a repair", "", "%s, bei einer Reparatur"},
		{"%s, from %s", "", "%s, aus %s"},
		{"when something changes", "", "wenn sich etwas ändert"},
		{"first sync", "", "erster Abgleich"},
		{"conflicts wait for a decision", "", "Konflikte warten auf eine Entscheidung"},
		{"decide them with `tandem conflict list`, or confirm with --yes: both places then keep what they have", "decide them first, or tick the box: both places then keep what they have", "erst entscheiden oder das Häkchen setzen: beide Seiten behalten dann, was sie haben"},
		{"store", "", "Speicher"},
		{"no desktop: %s", "", "kein Schreibtisch: %s"},
		{"the hub runs in no session of a person", "", "der Hub läuft in keiner Sitzung einer Person"},
		{"no browser asked for it; one does on the page under Settings", "", "kein Browser hat darum gebeten; einer tut es auf der Seite unter Einstellungen"},
		{"%s – %s", "", "%s – %s"},
		{"left over", "", "übrig geblieben"},
		{"bodies", "contents of records", "Inhalte"},
		{"%s are whole", "%s were read again and are whole", "%s wurden neu gelesen und sind unversehrt"},
		{"%s more are damaged", "", "%s weitere sind beschädigt"},
		{"body of %s", "contents of %s", "Inhalt von: %s"},
		{"nothing that people see", "", "nichts, was man sieht"},
		{"the record %n in %n of %n", "", "der Datensatz %s in %s von %s"},
		{"an earlier version of %n in %n by %n", "", "eine frühere Fassung von %s in %s durch %s"},
		{"its bytes are not those that were stored", "", "seine Bytes sind nicht die, die gespeichert wurden"},
		{"it cannot be read: %s", "", "er ist nicht lesbar: %s"},
		{"its bytes are not those that were stored; the damaged bytes are kept in %n, and what they said is fetched again where it still is", "", "seine Bytes sind nicht die, die gespeichert wurden; die beschädigten liegen in %s, und was sie sagten, wird wieder geholt, wo es noch ist"},
		{"more bodies are damaged than one repair puts aside", "", "mehr Inhalte sind beschädigt, als eine Reparatur zur Seite legt"},
		{"repair again for the rest", "", "für den Rest noch einmal reparieren"},
		{"put it aside, and fetch what it said from where it still is, with `tandem doctor --repair`; then check the disk", "have it put aside below, or with `tandem doctor --repair`, and what it said fetched from where it still is; then check the disk", "ihn unten, oder mit `tandem doctor --repair`, zur Seite legen und von dort wieder holen lassen, wo es ihn noch gibt; dann die Festplatte prüfen"},
		{"put them aside, and fetch what they said from where it still is, with `tandem doctor --repair`; then check the disk", "have them put aside below, or with `tandem doctor --repair`, and what they said fetched from where it still is; then check the disk", "sie unten, oder mit `tandem doctor --repair`, zur Seite legen und von dort wieder holen lassen, wo es sie noch gibt; dann die Festplatte prüfen"},
		{"check the rights and the disk of the data folder, and look again", "", "Rechte und Festplatte des Datenordners prüfen und noch einmal nachsehen"},
		{"check the disk of the data folder", "", "die Festplatte des Datenordners prüfen"},
		{"mend it with `tandem doctor --repair`", "mend it below, or with `tandem doctor --repair`", "unten reparieren, oder mit `tandem doctor --repair`"},
		{"pages of the base of a pair that is gone; they are removed", "", "Seiten dessen, was ein Paar vereinbart hatte, das weg ist; sie werden entfernt"},
		{"what a device was told, of one that is gone; it is removed", "", "was einem Gerät gesagt wurde, das weg ist; es wird entfernt"},
		{"shares of a collection or with a user that is gone; they are removed", "", "Freigaben einer Sammlung oder für einen Benutzer, die weg sind; sie werden entfernt"},
		{"properties in a collection that is gone; they are removed", "", "Eigenschaften in einer Sammlung, die weg ist; sie werden entfernt"},
		{"locks in a collection or of a user that is gone; they are removed", "", "Sperren in einer Sammlung oder eines Benutzers, die weg sind; sie werden entfernt"},
		{"visits of a user who is gone; they are removed", "", "Besuche eines Benutzers, der weg ist; sie werden entfernt"},
		{"log-ins of a user who is gone; they are removed", "", "Anmeldungen eines Benutzers, der weg ist; sie werden entfernt"},
		{"marks of versions that history has no longer; they are removed", "", "Merkzeichen von Fassungen, die der Verlauf nicht mehr hat; sie werden entfernt"},
		{"words of records that are gone; they are removed", "", "Wörter von Datensätzen, die weg sind; sie werden entfernt"},
		{"sketches of records that are gone; they are removed", "", "Auszüge von Datensätzen, die weg sind; sie werden entfernt"},
		{"deletions that are older than history is kept; they are forgotten, and who was last here before them looks at everything", "", "Löschungen, die älter sind, als der Verlauf aufgehoben wird; sie werden vergessen, und wer zuletzt davor hier war, sieht sich alles an"},
		{"bodies and unfinished files that nothing names; they are removed", "", "Inhalte und unfertige Dateien, die nichts nennt; sie werden entfernt"},
		{"what both sides of an item agreed on, of one that is gone; versions of its conflicts go to history, and it is removed", "", "was beide Seiten eines Abgleichs vereinbart hatten, der weg ist; Fassungen seiner Konflikte kommen in den Verlauf, und es wird entfernt"},
		{"the cursor %s into the collection %s cannot be read; the next run looks at everything", "", "die Marke %s in die Sammlung %s ist nicht lesbar; der nächste Lauf sieht sich alles an"},
		{"the cursor into the collection %s is of another life of it; the next run looks at everything", "", "die Marke in die Sammlung %s stammt aus einem früheren Leben; der nächste Lauf sieht sich alles an"},
		{"the cursor into the collection %s is at %s, which is at %s only; the next run looks at everything", "", "die Marke in die Sammlung %s steht bei %s, die Sammlung erst bei %s; der nächste Lauf sieht sich alles an"},
		{"what the device was told of collections that are gone; it is removed, and the device is told of what there is", "", "was dem Gerät von Sammlungen gesagt wurde, die weg sind; es wird entfernt, und dem Gerät wird gesagt, was es gibt"},
		{"files in the making that an interrupted run left; they are removed", "", "angefangene Dateien, die ein unterbrochener Lauf hinterließ; sie werden entfernt"},
		{"whole and readable", "", "ganz und lesbar"},
		{"history", "", "Verlauf"},
		{"kept for %s", "", "aufgehoben für %s"},
		{"%s days", "", "%s Tage"},
		{"item %s", "", "Abgleich %s"},
		{"%s is reachable", "", "%s ist erreichbar"},
		{"address %s", "", "Adresse %s"},
		{"answers", "", "antwortet"},
		{"public address", "", "öffentliche Adresse"},
		{"account %s", "", "Konto %s"},
		{"%s folders are kept in step", "", "%s Ordner werden abgeglichen"},
		{"disk space", "", "Speicherplatz"},
		{"%s free for the data folder", "", "%s frei für den Datenordner"},
		{"clock", "", "Uhr"},
		{"data folder", "", "Datenordner"},
		{"hub", "", "Hub"},
		{"none is given; `tandem serve --public https://NAME` says how phones find the hub from everywhere", "", "keine angegeben; `tandem serve --public https://NAME` sagt, wie Telefone den Hub von überall finden"},
		{"none is given", "", "keine angegeben"},
		{"`tandem serve --public https://NAME` says how phones find the hub from everywhere", "", "`tandem serve --public https://NAME` sagt, wie Telefone den Hub von überall finden"},
		{"no answer was chosen", "", "keine Antwort wurde gewählt"},
		{"choose one of the answers", "", "eine der Antworten wählen"},
		{"none was ticked", "", "keiner wurde angekreuzt"},
		{"tick those that are to be answered", "", "die ankreuzen, die beantwortet werden sollen"},
		{"a difference has no answer yet", "", "ein Unterschied ist noch offen"},
		{"pick a side for each", "", "für jeden eine Seite wählen"},
		{"%n says that the conflict about %n is settled", "", "%s meldet, dass der Konflikt über %s erledigt ist"},
		{"answer conflict %n", "", "Konflikt %s beantworten"},
		{"its versions changed meanwhile", "", "seine Fassungen haben sich inzwischen geändert"},
		{"look at `tandem conflict show %n`", "look at it again", "noch einmal ansehen"},
		{"the version has %n bytes; at most %n are taken", "", "die Fassung hat %s Bytes; angenommen werden höchstens %s"},
		{"it would have %n conflicts with %n bytes; at most %n with %n are kept", "", "es hätte %s Konflikte mit %s Bytes; behalten werden höchstens %s mit %s"},
		{"settle some first, or report them without bodies", "give a shorter version", "eine kürzere Fassung angeben"},
		{"conflicts that a program reported for a user who is gone; they are removed", "", "Konflikte, die ein Programm für einen Benutzer gemeldet hat, der weg ist; sie werden entfernt"},
		{"versions of a program's conflict that is gone; they are removed", "", "Fassungen vom Konflikt eines Programms, der weg ist; sie werden entfernt"},
		{"give the version that is to be kept", "", "die Fassung angeben, die bleiben soll"},
		{"save it as UTF-8 and try again", "", "als UTF-8 speichern und noch einmal versuchen"},
		{"it is empty", "", "es ist leer"},
		{"it is no text", "", "es ist kein Text"},
		{"a conflict came, went or changed meanwhile", "", "inzwischen kam, ging oder änderte sich ein Konflikt"},
		{"look at it again", "", "noch einmal ansehen"},
		{"it is over already", "", "es ist schon vorbei"},
		{"no address was typed", "", "keine Adresse wurde eingegeben"},
		{"type where it is", "", "eingeben, wo es ist"},
		{"no collection was picked", "", "keine Sammlung wurde gewählt"},
		{"go back and pick at least one", "", "zurückgehen und mindestens eine wählen"},
		{"the two new passwords differ", "", "die beiden neuen Passwörter sind verschieden"},
		{"type the same twice", "", "zweimal dasselbe eingeben"},
		{"no time of day was typed", "", "keine Uhrzeit wurde eingegeben"},
		{"the administrator allows no places of this sort", "", "der Verwalter erlaubt keine Orte dieser Art"},
		{"ask one to allow it, or to add the place", "", "bitten Sie einen Verwalter, sie zu erlauben oder den Ort hinzuzufügen"},
		{"ask an administrator", "", "einen Administrator fragen"},
		{"it may be answered already", "", "vielleicht ist sie schon beantwortet"},
		{"history does not hold it", "", "der Verlauf hat es nicht"},
		{"versions are forgotten after a while", "", "Fassungen werden nach einer Weile vergessen"},
		{"this names neither a run nor a version", "", "das nennt weder einen Lauf noch eine Fassung"},
		{"not found", "", "nicht gefunden"},
		{"denied", "", "verweigert"},
		{"invalid", "", "unbrauchbar"},
		{"the old password is wrong", "", "das alte Passwort ist falsch"},
		{"its versions are not known", "", "seine Fassungen sind nicht bekannt"},
		{"find sync item %s", "", "Abgleich %s suchen"},
		{"find partner %s", "", "Partner %s suchen"},
		{"find run %s", "", "Lauf %s suchen"},
		{"find conflict %s", "", "Konflikt %s suchen"},
		{"find collection %s", "", "Sammlung %s suchen"},
		{"find device %s", "", "Gerät %s suchen"},
		{"find handler %s", "", "Partner %s suchen"},
		{"resolve conflict %s", "", "Konflikt %s entscheiden"},
		{"open folder %s", "", "Ordner %s öffnen"},
		{"read schedule %s", "", "Zeitplan %s lesen"},
		{"read schedule", "", "Zeitplan lesen"},
		{"change password", "", "Passwort ändern"},
		{"undo %s", "", "%s zurücklegen"},
		{"find version %s", "", "Fassung %s suchen"},
		{"deactivate %s", "", "%s beiseitelegen"},
		{"start %s", "", "%s abgleichen"},
		{"try %s", "", "%s versuchen"},
		{"add %s", "", "%s hinzufügen"},
		{"add partner", "", "Partner hinzufügen"},
		{"resolve conflict", "", "Konflikt entscheiden"},
		{"put together %s", "", "%s zusammensetzen"},
		{"answer question of %s", "", "Frage zu %s beantworten"},
		{"its item is %s", "", "sein Abgleich ist %s"},
		{"there are %s", "", "es gibt %s"},
		{"sync item", "", "Abgleich"},
		{"write such as \"at 02:30\", \"every 15m on mon-fri 08:00-18:00\", or five cron fields (minute hour day month weekday) like \"30 2 * * *\"; see tandem item set --help", "such as `at 02:30`, `every 15m on mon-fri 08:00-18:00`, or five cron fields like `30 2 * * *`", "etwa `at 02:30`, `every 15m on mon-fri 08:00-18:00` oder fünf Cron-Felder wie `30 2 * * *`"},
		{"%s is not understood", "", "%s wird nicht verstanden"},
		{"%s is not a time of day", "", "%s ist keine Uhrzeit"},
	}
}
