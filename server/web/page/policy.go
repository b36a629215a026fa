package page

import (
	"slices"
	"strings"

	devices "tandem/partner/device"
	"tandem/server/web/page/words"
)

// policyRow is one element of the policy that is in force, as people read it, and as the protocol calls it.
type policyRow struct{ Label, Value, Name string }

// policyGroup are elements that a policy can have, about one thing.
type policyGroup struct {
	Title string
	List  []option
}

// policyTerm is an element of a policy in words; what its values stand for, in order from 0, where they do not speak for themselves.
type policyTerm struct {
	name, label string
	values      []string
}

// policyWords are all elements of a policy in words, by what they are about. MS-ASPROV 2.2.2
func policyWords(w words.Words) (titles []string, terms [][]policyTerm) {
	t := w.T
	add := func(title string, list ...policyTerm) { titles, terms = append(titles, title), append(terms, list) }
	add(t("Password of the device"),
		policyTerm{"DevicePasswordEnabled", t("It has a password"), nil},
		policyTerm{"AllowSimpleDevicePassword", t("Simple passwords such as 1111 will do"), nil},
		policyTerm{"AlphanumericDevicePasswordRequired", t("Letters in it, not digits alone"), nil},
		policyTerm{"MinDevicePasswordLength", t("Characters at least"), nil},
		policyTerm{"MinDevicePasswordComplexCharacters", t("Sorts of characters at least"), nil},
		policyTerm{"DevicePasswordExpiration", t("Days until another is asked for"), nil},
		policyTerm{"DevicePasswordHistory", t("Earlier ones that are not taken again"), nil},
		policyTerm{"MaxInactivityTimeDeviceLock", t("Seconds until it locks itself"), nil},
		policyTerm{"MaxDevicePasswordFailedAttempts", t("Wrong ones until it wipes itself"), nil},
		policyTerm{"PasswordRecoveryEnabled", t("A forgotten one can be recovered"), nil})
	add(t("Encryption"),
		policyTerm{"RequireDeviceEncryption", t("The device is encrypted"), nil},
		policyTerm{"RequireStorageCardEncryption", t("The memory card is encrypted"), nil},
		policyTerm{"RequireSignedSMIMEMessages", t("Mail is signed (S/MIME)"), nil},
		policyTerm{"RequireEncryptedSMIMEMessages", t("Mail is encrypted (S/MIME)"), nil},
		policyTerm{"RequireSignedSMIMEAlgorithm", t("Way to sign mail"), []string{"SHA-1", "MD5"}},
		policyTerm{"RequireEncryptionSMIMEAlgorithm", t("Way to encrypt mail"), []string{"3DES", "DES", "RC2, 128 bit", "RC2, 64 bit", "RC2, 40 bit"}},
		policyTerm{"AllowSMIMEEncryptionAlgorithmNegotiation", t("Other ways to encrypt mail"), []string{t("none"), t("strong ones"), t("any")}},
		policyTerm{"AllowSMIMESoftCerts", t("Certificates in software (S/MIME)"), nil})
	add(t("What it may use"),
		policyTerm{"AllowCamera", t("Camera"), nil},
		policyTerm{"AllowStorageCard", t("Memory card"), nil},
		policyTerm{"AllowWiFi", t("Wi-Fi"), nil},
		policyTerm{"AllowBluetooth", t("Bluetooth"), []string{t("off"), t("hands-free sets only"), t("on")}},
		policyTerm{"AllowIrDA", t("Infrared"), nil},
		policyTerm{"AllowInternetSharing", t("Sharing its way to the internet"), nil},
		policyTerm{"AllowDesktopSync", t("Sync with a computer by cable"), nil},
		policyTerm{"AllowRemoteDesktop", t("Remote desktop"), nil},
		policyTerm{"AllowBrowser", t("Browser"), nil},
		policyTerm{"AllowTextMessaging", t("Text messages"), nil},
		policyTerm{"AllowConsumerEmail", t("Private mail accounts"), nil},
		policyTerm{"AllowPOPIMAPEmail", t("Mail accounts by POP or IMAP"), nil},
		policyTerm{"AllowUnsignedApplications", t("Unsigned apps"), nil},
		policyTerm{"AllowUnsignedInstallationPackages", t("Unsigned packages to install"), nil},
		policyTerm{"ApprovedApplicationList", t("Apps that may run, by their hashes"), nil},
		policyTerm{"UnapprovedInROMApplicationList", t("Apps it came with that may not run"), nil})
	add(t("Mail and calendar"),
		policyTerm{"AttachmentsEnabled", t("Attachments"), nil},
		policyTerm{"MaxAttachmentSize", t("Largest attachment, in bytes"), nil},
		policyTerm{"AllowHTMLEmail", t("Mail with formats (HTML)"), nil},
		policyTerm{"MaxEmailBodyTruncationSize", t("Longest plain text of mail (-1: all)"), nil},
		policyTerm{"MaxEmailHTMLBodyTruncationSize", t("Longest text of mail with formats (-1: all)"), nil},
		policyTerm{"MaxEmailAgeFilter", t("How far back mail goes"), []string{t("all"), t("one day"), t("3 days"), t("a week"), t("2 weeks"), t("a month")}},
		policyTerm{"MaxCalendarAgeFilter", t("How far back the calendar goes"), []string{t("all"), "", "", "", t("2 weeks"), t("a month"), t("3 months"), t("6 months")}},
		policyTerm{"RequireManualSyncWhenRoaming", t("Abroad it syncs only by hand"), nil})
	return titles, terms
}

// policyOf are the elements of a policy that is in force, and all that there are to choose from.
func policyOf(w words.Words, p devices.Policy) (rows []policyRow, all []policyGroup) {
	ranges := devices.Ranges()
	titles, terms := policyWords(w)
	byName := map[string]policyTerm{}
	for i, title := range titles {
		g := policyGroup{Title: title}
		for _, term := range terms[i] {
			byName[term.name] = term
			text := term.label
			if takes := ranges[term.name]; len(term.values) > 0 || takes != ranges["AllowCamera"] { // not yes or no
				text += ": " + term.takes(w, takes)
			}
			g.List = append(g.List, option{term.name, text, false})
		}
		all = append(all, g)
	}
	for _, set := range p.Settings() {
		term := byName[set.Name]
		value := strings.Join(set.Values, ", ")
		switch i := slices.Index([]string{"0", "1", "2", "3", "4", "5", "6", "7"}, value); {
		case i >= 0 && i < len(term.values):
			value = term.values[i]
		case ranges[set.Name] == ranges["AllowCamera"]:
			value = map[string]string{"0": w.T("no"), "1": w.T("yes")}[value]
		}
		rows = append(rows, policyRow{term.label, value, set.Name})
	}
	return rows, all
}

// takes says what an element can be.
func (p policyTerm) takes(w words.Words, ranged string) string {
	if len(p.values) == 0 {
		return w.Say(ranged)
	}
	var out []string
	for i, v := range p.values {
		if v != "" {
			out = append(out, string(rune('0'+i))+" "+v)
		}
	}
	return strings.Join(out, ", ")
}

// policyValue is what was typed for an element, in the words that package device takes.
func policyValue(w words.Words, text string) string {
	switch text = strings.ReplaceAll(text, "\r\n", "\n"); strings.ToLower(text) {
	case strings.ToLower(w.T("yes")):
		return "yes"
	case strings.ToLower(w.T("no")):
		return "no"
	}
	return text
}
