package words

// providerPhrases are the titles of providers, and what the options of their places are for. Package provider/all
func providerPhrases() []phrase {
	return []phrase{
		{"Calendar, tasks or notes of a server", "", "Kalender, Aufgaben oder Notizen eines Servers"},
		{"Address book of a server", "", "Adressbuch eines Servers"},
		{"Files of a server", "", "Dateien eines Servers"},
		{"Folder of files", "", "Ordner mit Dateien"},
		{"Collection of this hub", "", "Sammlung dieses Hubs"},
		{"Mail folder of a server, with STARTTLS or within one machine", "", "Mailordner eines Servers, mit STARTTLS oder innerhalb eines Rechners"},
		{"Mail folder of a server (IMAP)", "", "Mailordner eines Servers (IMAP)"},
		{"Mail in Maildir folders", "", "Mail in Maildir-Ordnern"},
		{"Backup of text messages", "", "Sicherung von Textnachrichten"},
		{"Folder of vCards or iCalendar files", "", "Ordner mit vCards oder iCalendar-Dateien"},
		{"Published calendar to subscribe to", "", "Veröffentlichter Kalender zum Abonnieren"},
		{"Calendar, tasks or notes of a server, not encrypted", "", "Kalender, Aufgaben oder Notizen eines Servers, unverschlüsselt"},
		{"Address book of a server, not encrypted", "", "Adressbuch eines Servers, unverschlüsselt"},
		{"Files of a server, not encrypted", "", "Dateien eines Servers, unverschlüsselt"},
		{"name to log in with, where it is not the one in the address", "The name to log in with, where it is not the one in the address.", "Name zum Anmelden, wenn er nicht in der Adresse steht"},
		{"where the password is read: file:PATH or env:NAME; else it is asked for and kept in the data folder", "", "Woher das Passwort gelesen wird: file:PFAD oder env:NAME; sonst gilt das eingegebene"},
		{"password of the account", "The password of the account. Many providers want one made for this program only (app password)", "Passwort des Kontos. Viele Anbieter wollen eines, das nur für dieses Programm gemacht ist (App-Passwort)"},
		{"how to log in; auto does what the server asks for, bearer sends the password as a token, oauth asks the person once with a code", "", "Wie angemeldet wird: auto tut, was der Server will; bearer schickt das Passwort als Token; oauth fragt einmal mit einem Code"},
		{"how to log in; auto uses the password, bearer sends it as a token, oauth asks the person once with a code or in the browser", "", "Wie angemeldet wird: auto nimmt das Passwort, bearer schickt es als Token, oauth fragt einmal mit einem Code oder im Browser"},
		{"oauth: the id that the provider gave this program", "", "OAuth: die Kennung, die der Anbieter diesem Programm gab"},
		{"oauth: address of the provider's device authorization, where it is not known to Tandem", "", "OAuth: Adresse der Geräteanmeldung des Anbieters, wenn Tandem sie nicht kennt"},
		{"oauth: address where a person agrees in a browser on this machine, for providers without the one above", "", "OAuth: Adresse, unter der jemand im Browser dieses Rechners zustimmt, für Anbieter ohne die obige"},
		{"oauth: address of the provider's tokens", "", "OAuth: Adresse der Token des Anbieters"},
		{"oauth: what to ask for", "", "OAuth: worum gebeten wird"},
		{"oauth: its secret, asked for and kept like the password", "", "OAuth: sein Geheimnis, aufbewahrt wie das Passwort"},
		{"file of certificates to trust beside the system's", "", "Datei mit Zertifikaten, denen außer denen des Systems vertraut wird"},
		{"SHA-256 fingerprint of the server's certificate, which alone is then trusted", "", "SHA-256-Fingerabdruck des Serverzertifikats, dem dann allein vertraut wird"},
		{"HTTP proxy to go through, or none; else as the environment says", "", "HTTP-Proxy, durch den es geht, oder none; sonst wie in der Umgebung"},
		{"never write there", "Never write there.", "Dorthin nie schreiben"},
		{"name of the collection, where the address is that of an account", "", "Name der Sammlung, wenn die Adresse die eines Kontos ist"},
		{"what to sync of a calendar; what the server says it is for, events in doubt", "", "Was aus einem Kalender abgeglichen wird; sonst, wofür der Server ihn nennt, im Zweifel Termine"},
		{"patterns of names to leave out, in the form of gitignore: *.tmp, build/, /top-level-only, !exception", "", "Muster für Namen, die ausgelassen werden, wie in gitignore: *.tmp, build/, /nur-oben, !Ausnahme"},
		{"leave out files larger than this", "", "Größere Dateien auslassen"},
		{"move deleted files to the desktop's trash instead of .tandem/history", "", "Gelöschtes in den Papierkorb statt nach .tandem/history verschieben"},
		{"never change anything in the folder", "", "In dem Ordner nie etwas ändern"},
		{"what the collection holds; needed only where several have the name", "", "Was die Sammlung enthält; nur nötig, wenn mehrere so heißen"},
		{"only messages that came in so many days; 0: all. Older ones stay where they are on both sides", "", "Nur Nachrichten aus so vielen Tagen; 0: alle. Ältere bleiben auf beiden Seiten, wo sie sind"},
		{"days that are in sight beside those, with commas: 2020-03-01..2020-04-30, 2020-03-01, ..2019-12-31, a number of days, or all; Folder:365 is for that folder alone", "", "Tage, die außer diesen zu sehen sind, mit Kommas: 2020-03-01..2020-04-30, 2020-03-01, ..2019-12-31, eine Zahl von Tagen oder all; Ordner:365 gilt nur für diesen Ordner"},
		{"how many connections of the account may work at the same time", "", "Wie viele Verbindungen des Kontos gleichzeitig arbeiten dürfen"},
		{"whether connections are compressed where the server can; auto: when much is to go over them, unless the server is near", "", "Ob Verbindungen komprimiert werden, wo der Server das kann; auto: wenn viel darüber gehen soll und der Server nicht in der Nähe ist"},
		{"what the folder holds; told from its files where it is not given", "", "Was der Ordner enthält; sonst wird es an seinen Dateien erkannt"},
		{"what to read of it; what it holds, events in doubt", "", "Was daraus gelesen wird; sonst, was er enthält, im Zweifel Termine"},
	}
}

// Provider is what a provider is for, as pages say it: they need no words about command lines. "" for one that is not known here.
func (w Words) Provider(name string) string {
	en, de := "", ""
	switch name {
	case "carddav", "carddavs":
		en, de = "Contacts of a server such as Nextcloud, Fastmail, iCloud, Google or Radicale. Type the address of the server, of an account or of one address book; often your mail address is enough.",
			"Kontakte eines Servers wie Nextcloud, Fastmail, iCloud, Google oder Radicale. Geben Sie die Adresse des Servers, eines Kontos oder eines Adressbuchs ein; oft genügt Ihre Mailadresse."
	case "caldav", "caldavs":
		en, de = "Events, tasks or notes of a server such as Nextcloud, Fastmail, iCloud, Google or Radicale. Type the address of the server, of an account or of one calendar; often your mail address is enough.",
			"Termine, Aufgaben oder Notizen eines Servers wie Nextcloud, Fastmail, iCloud, Google oder Radicale. Geben Sie die Adresse des Servers, eines Kontos oder eines Kalenders ein; oft genügt Ihre Mailadresse."
	case "webdav", "webdavs":
		en, de = "A folder of a WebDAV server and all that is below it, such as Nextcloud's files. Type the address of the folder.",
			"Ein Ordner eines WebDAV-Servers mit allem darunter, etwa die Dateien einer Nextcloud. Geben Sie die Adresse des Ordners ein."
	case "imap", "imaps":
		en, de = "The mail folders of an account, such as at Fastmail, Gmail, iCloud, Outlook or Dovecot. Type your mail address or the server; the test lists the folders.",
			"Die Mailordner eines Kontos, etwa bei Fastmail, Gmail, iCloud, Outlook oder Dovecot. Geben Sie Ihre Mailadresse oder den Server ein; der Test nennt die Ordner."
	case "files":
		en, de = "A folder on the hub's computer with everything below it: contents, names, links, permissions and times. What is overwritten or deleted is kept in .tandem/history in the folder.",
			"Ein Ordner auf dem Rechner des Hubs mit allem darunter: Inhalte, Namen, Verweise, Rechte und Zeiten. Überschriebenes und Gelöschtes bleibt im Ordner unter .tandem/history."
	case "vdir":
		en, de = "A folder with one file per contact, event, task or note, as vdirsyncer, khal, todoman and khard keep them.",
			"Ein Ordner mit einer Datei je Kontakt, Termin, Aufgabe oder Notiz, wie ihn vdirsyncer, khal, todoman und khard führen."
	case "maildir":
		en, de = "A folder of mail with one file per message, as Dovecot, Postfix, mutt and mbsync keep it. Other programs may use it at the same time.",
			"Ein Mailordner mit einer Datei je Nachricht, wie ihn Dovecot, Postfix, mutt und mbsync führen. Andere Programme dürfen ihn gleichzeitig benutzen."
	case "sms":
		en, de = "A file with text messages as the Android app SMS Backup & Restore writes and reads it.",
			"Eine Datei mit Textnachrichten, wie sie die Android-App SMS Backup & Restore schreibt und liest."
	case "webcal", "webcals":
		en, de = "A calendar that is published as one file on a web server, such as holidays or fixtures. It is only read.",
			"Ein Kalender, der als eine Datei auf einem Webserver veröffentlicht ist, etwa Feiertage oder Spielpläne. Er wird nur gelesen."
	}
	if name == "carddav" || name == "caldav" || name == "webdav" {
		en += " Without encryption, others on the way can read the password and everything: only within your own network."
		de += " Unverschlüsselt können andere auf dem Weg das Passwort und alles lesen: nur im eigenen Netz."
	}
	if w.lang == "de" {
		return de
	}
	return en
}

// fieldPhrases are the fields of records. Package kind: Field.Label
func fieldPhrases() []phrase {
	return []phrase{
		{"%s (%s)", "", "%s (%s)"},
		{"phone", "", "Telefon"},
		{"e-mail", "", "E-Mail"},
		{"name", "", "Name"},
		{"formatted name", "", "Anzeigename"},
		{"address", "", "Anschrift"},
		{"address label", "", "Adressetikett"},
		{"messenger", "", "Messenger"},
		{"language", "", "Sprache"},
		{"gender", "", "Geschlecht"},
		{"birthday", "", "Geburtstag"},
		{"organization", "", "Organisation"},
		{"note", "", "Notiz"},
		{"notes", "", "Notizen"},
		{"photo", "", "Foto"},
		{"title", "", "Titel"},
		{"start", "", "Beginn"},
		{"end", "", "Ende"},
		{"due", "", "fällig"},
		{"place", "", "Ort"},
		{"location", "", "Ort"},
		{"description", "", "Beschreibung"},
		{"repeats", "", "Wiederholung"},
		{"status", "", "Status"},
		{"alarm", "", "Erinnerung"},
		{"subject", "", "Betreff"},
		{"from", "", "von"},
		{"to", "", "an"},
		{"date", "", "Datum"},
		{"size", "", "Größe"},
		{"text", "", "Text"},
		{"attachments", "", "Anhänge"},
		{"content type", "", "Inhaltstyp"},
		{"digest", "", "Prüfsumme"},
		{"copy to", "", "Kopie an"},
		{"blind copy to", "", "Blindkopie an"},
		{"sender checked", "", "Absender geprüft"},
		{"categories", "", "Kategorien"},
		{"content", "", "Inhalt"},
		{"cell", "", "mobil"},
		{"work", "", "geschäftlich"},
		{"home", "", "privat"},
		{"fax", "", "Fax"},
		{"name in parts", "", "Name in Teilen"},
		{"nickname", "", "Spitzname"},
		{"role", "", "Funktion"},
		{"web page", "", "Webseite"},
		{"anniversary", "", "Jahrestag"},
		{"priority", "", "Priorität"},
		{"attendees", "", "Teilnehmer"},
		{"organizer", "", "Organisator"},
	}
}
