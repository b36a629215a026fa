package words

import "slices"

// refusalPhrases are what the hub says of what somebody typed into a form and cannot be used: what was tried, why not, and what helps. What names a command is said so that it holds
// on a page.
func refusalPhrases() []phrase { return slices.Concat(triedPhrases(), whyNotPhrases(), helpPhrases()) }

// triedPhrases are what was tried.
func triedPhrases() []phrase {
	return []phrase{
		{"set mail server", "", "Mailserver festlegen"}, {"set mail server %n", "", "Mailserver %n festlegen"}, {"set mail server of %n", "", "Mailserver von %n festlegen"},
		{"set the hub's mail server", "", "Mailserver des Hubs festlegen"}, {"set the hub's mail server %n", "", "Mailserver %n des Hubs festlegen"},
		{"set filter server", "", "Filterserver festlegen"}, {"set filter server %n", "", "Filterserver %n festlegen"}, {"set filter server of %n", "", "Filterserver von %n festlegen"},
		{"set answer while away", "", "Antwort bei Abwesenheit festlegen"}, {"set answer while away %n", "set answer while away: %n", "Antwort bei Abwesenheit festlegen: %n"},
		{"manage mail filters at %n", "", "Mailfilter bei %n verwalten"},
		{"check password", "", "Passwort prüfen"}, {"set password %n", "", "Passwort von %n festlegen"}, {"change password", "", "Passwort ändern"}, {"log in at %n", "", "bei %n anmelden"}, {"log in to %n", "", "bei %n anmelden"},
		{"change notifications: set %n", "change notifications", "Benachrichtigungen ändern"}, {"set policy %n", "set the policy %n", "Richtlinie %n festlegen"},
		{"read rule %n", "change the rule %n", "Regel %n ändern"}, {"read when news are told %n", "set when it is told of news: %n", "festlegen, wann es von Neuem erfährt: %n"},
		{"read the version for conflict %n", "", "Fassung für Konflikt %n lesen"}, {"name version of conflict %n", "", "Fassung von Konflikt %n benennen"}, {"resolve conflict %n", "", "Konflikt %n lösen"},
		{"resolve conflict", "", "Konflikt lösen"}, {"answer question of %n", "", "Frage zu %n beantworten"},
		{"change user %n", "", "Benutzer %n ändern"}, {"add user", "", "Benutzer anlegen"}, {"add user %n", "", "Benutzer %n anlegen"}, {"remove user %n", "", "Benutzer %n entfernen"}, {"change rights %n", "change rights of %n", "Rechte von %n ändern"},
		{"add app password", "", "App-Passwort anlegen"}, {"revoke app password %n", "", "App-Passwort %n zurückziehen"}, {"rename passkey", "", "Passkey umbenennen"}, {"remove passkey %n", "", "Passkey %n entfernen"},
		{"end visit %n", "", "Anmeldung %n beenden"}, {"find browser %n", "", "Browser %n suchen"}, {"find message %n", "", "Nachricht %n suchen"}, {"answer about message %n", "", "Antwort zu Nachricht %n"},
		{"add webhook", "", "Webhook anlegen"}, {"add webhook %n", "", "Webhook %n anlegen"}, {"change webhook %n", "", "Webhook %n ändern"}, {"find delivery %n", "", "Zustellung %n suchen"},
		{"name collection %n", "", "Sammlung %n benennen"}, {"remove collection %n", "", "Sammlung %n entfernen"}, {"change collection %n", "", "Sammlung %n ändern"}, {"share collection %n", "", "Sammlung %n teilen"}, {"unshare collection %n", "share the collection %n no longer", "Sammlung %n nicht mehr teilen"},
		{"save share %n", "share with %n", "mit %n teilen"}, {"save share: find user %n", "share: find user %n", "Teilen: Benutzer %n suchen"}, {"make link", "", "Link anlegen"},
		{"follow folders under %n", "", "Ordner unter %n im Gleichschritt halten"}, {"add place", "", "Ort hinzufügen"}, {"read place %n", "", "Ort %n lesen"},
		{"propfind %n", "look at %n", "%n ansehen"}, {"connect to %n", "", "mit %n verbinden"}, {"stat /%n", "look at /%n", "/%n ansehen"}, {"open /%n", "", "/%n öffnen"}, {"open backup %n", "open the backup %n", "Sicherung %n öffnen"},
		{"list folders of %n", "", "Ordner von %n auflisten"},
		{"set bounds %n", "say who may add %n", "festlegen, wer %n hinzufügen darf"}, {"set invitations %n", "", "Einladungen festlegen: %n"}, {"set schedule %n", "", "Zeiten festlegen: %n"}, {"set protocol version %n", "", "Protokollversion %n festlegen"},
		{"add device rule", "", "Geräteregel anlegen"}, {"add device rule %n", "", "Geräteregel anlegen: %n"}, {"order device %n", "tell the device: %n", "dem Gerät sagen: %n"},
		{"clear results", "", "Ergebnisse entfernen"}, {"clear results %n", "clear results: %n", "Ergebnisse entfernen: %n"}, {"choose how pages look %n", "choose how pages look: %n", "Aussehen der Seiten wählen: %n"}, {"run item %n", "run %n", "%n ausführen"},
	}
}

// whyNotPhrases are what is wrong.
func whyNotPhrases() []phrase {
	return []phrase{
		{"read option %n: %n is not valid", "%n: %n cannot be used", "%n: %n ist nicht zu gebrauchen"}, {"this is no web address", "", "das ist keine Webadresse"}, {"file name too long", "", "der Name ist zu lang"},
		{"dial tcp %n: connect: connection refused", "nobody answers at %n", "unter %n antwortet niemand"}, {"dial tcp %n: i/o timeout", "%n does not answer in time", "%n antwortet nicht rechtzeitig"},
		{"dial tcp: lookup %n: no such host", "there is no computer called %n", "es gibt keinen Computer namens %n"}, {"dial tcp: lookup %n on %n: no such host", "there is no computer called %n", "es gibt keinen Computer namens %n"},
		{"the port is no number", "", "der Port ist keine Zahl"}, {"%n is no port", "", "%n ist kein Port"}, {"it has no host", "no server is named", "es ist kein Server genannt"},
		{"it has no host or no login", "the server or the user name there is missing", "der Server oder der Benutzername dort fehlt"}, {"no server is named", "", "es ist kein Server genannt"}, {"no server was typed", "", "es wurde kein Server eingegeben"},
		{"it is not said when it begins", "", "es ist nicht gesagt, wann sie beginnt"}, {"it is not said when it ends", "", "es ist nicht gesagt, wann sie endet"}, {"it is not said who is answered", "", "es ist nicht gesagt, wer eine Antwort bekommt"},
		{"there is no such state", "", "so etwas gibt es nicht"}, {"it ends before it begins", "", "sie endet, bevor sie beginnt"}, {"there is no text to answer with", "", "es gibt keinen Text für die Antwort"}, {"the answer is too long", "", "die Antwort ist zu lang"},
		{"the name of the server is too long", "", "der Name des Servers ist zu lang"}, {"%n is no name or number of a computer", "", "%n ist kein Name und keine Nummer eines Computers"},
		{"tls is %n and not tls, starttls or none", "%n is no sort of encryption", "%n ist keine Art der Verschlüsselung"},
		{"it needs a label of at most 100 letters that says what it is", "it needs a name of at most 100 letters that says what it is", "es braucht einen Namen von höchstens 100 Zeichen, der sagt, was es ist"},
		{"what a link is for has at most %n letters, on one line", "", "wofür ein Link ist, hat höchstens %n Zeichen, in einer Zeile"},
		{"this is not your own password", "", "das ist nicht Ihr eigenes Passwort"}, {"the password is wrong", "", "das Passwort ist falsch"}, {"the two passwords differ", "", "die beiden Passwörter sind verschieden"}, {"this link was used", "", "dieser Link wurde schon verwendet"}, {"the two new passwords differ", "", "die beiden neuen Passwörter sind verschieden"},
		{"a password has at least %n characters", "", "ein Passwort hat mindestens %n Zeichen"}, {"a user needs a name", "", "ein Benutzer braucht einen Namen"}, {"a name has letters, digits and .-_+@ only", "", "ein Name hat nur Buchstaben, Ziffern und .-_+@"},
		{"a name has at most 100 letters", "", "ein Name hat höchstens 100 Zeichen"}, {"a name begins with a letter or digit", "", "ein Name beginnt mit einem Buchstaben oder einer Ziffer"},
		{"a full name has at most %n letters, on one line", "", "ein voller Name hat höchstens %n Zeichen, in einer Zeile"}, {"this is no mail address", "", "das ist keine Mailadresse"}, {"this is the last administrator", "", "das ist der letzte Administrator"},
		{"already exists", "", "gibt es schon"}, {"not usable as a name", "", "als Name nicht zu gebrauchen"}, {"this is no name", "", "das ist kein Name"}, {"one of its parts is no name", "", "ein Teil davon ist kein Name"}, {"it holds what is no letter", "", "darin ist etwas, das kein Schriftzeichen ist"},
		{"it is no http address", "it is no address that begins with http", "es ist keine Adresse, die mit http beginnt"}, {"this is no address", "", "das ist keine Adresse"}, {"the address is malformed", "", "die Adresse ist nicht richtig geschrieben"},
		{"nothing of that name happens", "there is nothing of that name", "so etwas gibt es nicht"}, {"it is longer than %n characters", "", "es ist länger als %n Zeichen"},
		{"this is no number of percent", "", "das ist keine Zahl in Prozent"}, {"hours were typed without from when", "", "es fehlt, ab wann"}, {"hours were typed without until when", "", "es fehlt, bis wann"},
		{"the name of a network has no semicolon here", "", "im Namen eines Netzes steht hier kein Semikolon"}, {"%n is not between a minute and a week", "", "%n liegt nicht zwischen einer Minute und einer Woche"}, {"%n is not a time such as 15m or 2h", "", "%n ist keine Zeit wie 15m oder 2h"},
		{"no time of day was typed", "", "es wurde keine Uhrzeit eingegeben"}, {"this is about runs of items", "this is about what is kept in step, and not about telling news", "das gilt für Abgleiche, nicht für das Erzählen von Neuem"},
		{"%n: hours such as 22:00-07:00 are missing", "", "%n: es fehlen Stunden wie 22:00-07:00"}, {"hours such as 22:00-07:00 are missing", "", "es fehlen Stunden wie 22:00-07:00"}, {"%n: %n are not hours such as 08:00-18:00", "", "%n: %n sind keine Stunden wie 08:00-18:00"}, {"%n are not hours such as 08:00-18:00", "", "%n sind keine Stunden wie 08:00-18:00"},
		{"time: invalid duration %n", "%n is no length of time", "%n ist keine Zeitspanne"}, {"it is a number from %n to %n", "", "es ist eine Zahl von %n bis %n"},
		{"places of this sort cannot be left to everybody", "", "Orte dieser Art können nicht allen überlassen werden"}, {"with whom?", "nobody is named", "es ist niemand genannt"}, {"it is the user's own collection", "", "es ist die eigene Sammlung dieses Benutzers"},
		{"it is not shared with %n", "", "es ist nicht mit %n geteilt"}, {"it has records", "", "darin sind Datensätze"}, {"the user has no such passkey", "", "der Benutzer hat keinen solchen Passkey"},
		{"nobody is ticked", "", "niemand ist angekreuzt"}, {"none was ticked", "", "nichts ist angekreuzt"}, {"no collection was picked", "", "keine Sammlung wurde gewählt"}, {"no address was typed", "", "es wurde keine Adresse eingegeben"}, {"nothing was chosen", "", "nichts wurde gewählt"},
		{"this is no choice of the page", "", "das steht nicht zur Wahl"}, {"the pages do not speak it", "", "die Seiten sprechen das nicht"}, {"there are no such colours", "", "solche Farben gibt es nicht"}, {"this is no number of days", "", "das ist keine Zahl von Tagen"},
		{"this is no number of devices", "", "das ist keine Zahl von Geräten"}, {"a number of devices is not negative", "", "eine Zahl von Geräten ist nicht negativ"}, {"a text of a rule has at most %n letters", "", "ein Text einer Regel hat höchstens %n Zeichen"},
		{"a rule needs to say whether devices are allowed, held or blocked", "", "eine Regel muss sagen, ob Geräte zugelassen, zurückgehalten oder gesperrt werden"}, {"there are %n rules, none has number %n", "", "es gibt %n Regeln, keine hat die Nummer %n"},
		{"%n is no answer", "", "%n ist keine Antwort"}, {"%n is not an answer to it", "", "%n ist keine Antwort darauf"}, {"%n is not a choice", "", "%n steht nicht zur Wahl"}, {"no answer was chosen", "", "keine Antwort wurde gewählt"},
		{"read contact: line %n, column %n: no BEGIN line; repair the vCard at line %n, or restore it from where it came", "the text is no card: it does not begin with BEGIN:VCARD", "der Text ist keine Karte: er beginnt nicht mit BEGIN:VCARD"},
		{"the folders of the account %n are kept in step", "", "die Ordner des Kontos %n werden im Gleichschritt gehalten"}, {"there is no such order", "", "so etwas kann man ihm nicht sagen"}, {"there is no such version", "", "diese Version gibt es nicht"},
	}
}

// helpPhrases are what helps.
func helpPhrases() []phrase {
	return []phrase{
		{"give host, port and tls|starttls, as the provider's help says", "type what the help of the mail provider says", "eingeben, was die Hilfe des Mailanbieters sagt"},
		{"give host, port, tls|starttls and from, as the provider's help says", "type what the help of the mail provider says", "eingeben, was die Hilfe des Mailanbieters sagt"},
		{"give host, port, login and tls|starttls", "type what the help of the mail provider says", "eingeben, was die Hilfe des Mailanbieters sagt"},
		{"give 465, 587 or 25", "type 465, 587 or 25", "465, 587 oder 25 eingeben"}, {"give 4190, unless the server's help says another", "type 4190, unless the help of the server says another", "4190 eingeben, wenn die Hilfe des Servers nichts anderes sagt"},
		{"give a day and a time", "", "einen Tag und eine Uhrzeit eingeben"}, {"give a later end", "", "ein späteres Ende eingeben"}, {"choose who", "", "wählen, wer"}, {"type it", "", "ihn eingeben"}, {"shorten it", "", "sie kürzen"},
		{"turn it on, off, or on between two times", "", "sie einschalten, ausschalten, oder zwischen zwei Zeitpunkten einschalten"},
		{"add the user first", "", "zuerst den Benutzer anlegen"}, {"give its name", "type its name", "seinen Namen eingeben"}, {"type its name, or remove the one there is", "", "seinen Namen eingeben, oder den entfernen, den es gibt"},
		{"name the device, such as \"anna's phone\"", "", "das Gerät benennen, etwa „Annas Telefon“"}, {"type fewer", "", "weniger eingeben"}, {"type a shorter one", "", "einen kürzeren eingeben"},
		{"write such as https://example.org/hook", "type such as https://example.org/hook", "etwa https://example.org/hook eingeben"}, {"write such as 15m or 2h", "choose one of the list", "etwas aus der Liste wählen"}, {"write the place like %n", "type it like %n", "es eingeben wie %n"},
		{"write such as 22:00-07:00, or mon-fri 22:00-06:00; sat-sun 23:00-09:00", "type such as 22:00-07:00, or mon-fri 22:00-06:00; sat-sun 23:00-09:00", "etwa 22:00-07:00 eingeben, oder mon-fri 22:00-06:00; sat-sun 23:00-09:00"},
		{"type the password with which you log in to these pages", "", "das Passwort eingeben, mit dem Sie sich auf diesen Seiten anmelden"}, {"log in, or ask for another one", "", "sich anmelden, oder um einen neuen bitten"}, {"type the same twice", "", "zweimal dasselbe eingeben"}, {"type both times, or neither", "", "beide Zeiten eingeben, oder keine"},
		{"type a number from 0 to 100, or leave it empty", "", "eine Zahl von 0 bis 100 eingeben, oder nichts"}, {"type times of day such as 07:00, 14:30", "", "Uhrzeiten wie 07:00, 14:30 eingeben"}, {"put commas between names", "", "Kommas zwischen die Namen setzen"},
		{"choose another one", "", "ein anderes wählen"}, {"choose another name, such as anna or anna@example.org", "", "einen anderen Namen wählen, etwa anna oder anna@example.org"}, {"give an address such as anna@example.org", "type an address such as anna@example.org", "eine Adresse wie anna@example.org eingeben"},
		{"make somebody else one first", "make somebody else an administrator first", "zuerst jemand anderen zum Administrator machen"},
		{"use letters, digits, '-', '_' and '.'", "", "Buchstaben, Ziffern, „-“, „_“ und „.“ verwenden"}, {"use letters, digits, '-', '_' and '.'; if it is %n of the user %n, say so with --user %n", "use letters, digits, '-', '_' and '.'", "Buchstaben, Ziffern, „-“, „_“ und „.“ verwenden"},
		{"use at most 128 characters on one line", "", "höchstens 128 Zeichen in einer Zeile verwenden"}, {"give names of folders, with slashes between them", "type names of folders, with slashes between them", "Namen von Ordnern eingeben, mit Schrägstrichen dazwischen"},
		{"end that first: tandem partner folders %n --stop", "end that first, on the page of its folders", "das zuerst beenden, auf der Seite seiner Ordner"}, {"correct the file and try again", "correct the text and try again", "den Text berichtigen und noch einmal versuchen"},
		{"give one of %n", "choose one of the list", "etwas aus der Liste wählen"}, {"give a whole number", "type a whole number", "eine ganze Zahl eingeben"}, {"give a size such as 500, 64KiB or 10MiB", "type a size such as 500, 64KiB or 10MiB", "eine Größe wie 500, 64KiB oder 10MiB eingeben"},
		{"check the address and that the server runs", "", "prüfen, ob die Adresse stimmt und der Server läuft"}, {"check that its disk is mounted and that you may read it", "", "prüfen, ob der Datenträger eingehängt ist und ob Sie ihn lesen dürfen"},
		{"see that this user may read and write it", "see that the hub may read and write it", "dafür sorgen, dass der Hub es lesen und schreiben darf"}, {"put it back; to begin a new backup, make an empty file there", "", "es zurücklegen; für eine neue Sicherung dort eine leere Datei anlegen"},
		{"write it like %n", "type it like %n", "es eingeben wie %n"},
		{"choose among %n", "tick others", "andere ankreuzen"}, {"choose one of %n", "choose one of the list", "etwas aus der Liste wählen"}, {"choose of %n", "tick some of the list", "etwas aus der Liste ankreuzen"}, {"answer one of %n", "choose one of the answers", "eine der Antworten wählen"},
		{"choose one of the list", "", "etwas aus der Liste wählen"}, {"choose one of the answers", "", "eine der Antworten wählen"}, {"choose which of them", "", "wählen, welche"}, {"choose when it shall run", "", "wählen, wann es laufen soll"},
		{"say add, ask or ignore", "choose one of the list", "etwas aus der Liste wählen"},
		{"say peak and quiet hours or times, such as %n or %n", "type busy and quiet hours or times, such as %n or %n", "Stoßzeiten, ruhige Stunden oder Uhrzeiten eingeben, etwa %n oder %n"},
		{"the collection has no such link", "", "die Sammlung hat keinen solchen Link"}, {"see its links with `tandem collection list`", "look at the links that there are", "nachsehen, welche Links es gibt"},
		{"see with whom it is where collections are listed", "look with whom it is shared", "nachsehen, mit wem es geteilt ist"}, {"see them with `tandem user show %n`", "look at the list", "in der Liste nachsehen"}, {"see them with `tandem user app-password list %n`", "look at the list", "in der Liste nachsehen"},
		{"see them with `tandem device policy show --all`", "choose one of the list", "etwas aus der Liste wählen"}, {"name another user, or make a link with `tandem collection link`", "name another user, or make a link", "einen anderen Benutzer nennen, oder einen Link anlegen"}, {"name a user", "type a user name", "einen Benutzernamen eingeben"},
		{"tick those that are to be answered", "", "ankreuzen, was beantwortet werden soll"}, {"tick those whom it concerns", "", "die ankreuzen, um die es geht"}, {"tick at least one", "", "mindestens eine ankreuzen"}, {"type where it is", "", "eingeben, wo es ist"},
		{"give a number, or leave it empty", "type a number, or leave it empty", "eine Zahl eingeben, oder nichts"}, {"it may be answered already", "", "vielleicht ist sie schon beantwortet"},
		{"confirm that they shall go, too; history keeps them for as long as it keeps everything", "", "bestätigen, dass auch sie wegkommen; der Verlauf behält sie, solange er alles behält"},
	}
}
