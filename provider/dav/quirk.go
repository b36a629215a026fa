package dav

import (
	"net/http"
	"net/url"
	"strings"
)

// quirk is one way in which a server is not as the standards say, or as a client would wish.
type quirk struct {
	name  string
	why   string // what the server does, and what is done about it
	issue string // where it is told in public
}

// quirks are the behaviours that hold for one server. The zero value is a server by the book.
type quirks struct {
	names []quirk

	reread  bool    // what was written is read back even where an entity tag came with the answer
	renames bool    // the server names what is created; Location or the UID tells how
	blind   bool    // the server does not look at conditions: the record is looked at just before
	byUID   bool    // names are made of UIDs, never of wishes
	rate    float64 // requests per second that the server bears; 0: any
}

// server is what tells servers apart.
type server struct {
	host   string
	header http.Header
	props  map[string]string // namespaces and prefixes seen in properties, such as sync tokens
}

// known are the behaviours by name. Those without a setting in quirks are dealt with everywhere; they are named so that the reason is not lost.
func known() []struct {
	quirk
	is  func(server) bool
	set func(*quirks)
} {
	type entry = struct {
		quirk
		is  func(server) bool
		set func(*quirks)
	}
	host := func(suffix string) func(server) bool {
		return func(s server) bool { return s.host == suffix || strings.HasSuffix(s.host, "."+suffix) }
	}
	token := func(prefix string) func(server) bool {
		return func(s server) bool { return strings.HasPrefix(s.props["sync-token"], prefix) }
	}
	path := func(part string) func(server) bool {
		return func(s server) bool { return strings.Contains(s.props["path"], part) }
	}
	return []entry{
		{quirk{"radicale rewrites", "it stores another text than it was sent and answers with a strong entity tag of that; what was written is read back", "https://github.com/Kozea/Radicale/pull/380"},
			token("http://radicale.org/ns/sync/"), func(q *quirks) { q.reread = true }},
		{quirk{"radicale forgets tokens", "a sync token that is weeks old, or whose cache was cleared, is refused; everything is listed then", "https://github.com/Kozea/Radicale/issues/825"},
			token("http://radicale.org/ns/sync/"), nil},
		{quirk{"sabre repairs", "Nextcloud and Baïkal mend what they are sent and then answer without an entity tag; what was written is read back", "https://github.com/sabre-io/dav/issues/547"},
			token("http://sabre.io/ns/sync/"), nil},
		{quirk{"sabre forgets tokens", "an unknown sync token is refused as a bad request in words only; it counts as a token of the past", "https://github.com/tine20/tine20/issues/5654"},
			token("http://sabre.io/ns/sync/"), nil},
		{quirk{"nextcloud teapot", "a deletion is told with a propstat of status 418 beside the status 404; the status of the resource counts", "https://github.com/python-caldav/caldav/issues/183"},
			path("/remote.php/"), nil},
		{quirk{"nextcloud trash", "a UID of a record in its bin counts as taken; the record is set aside by name", "https://github.com/nextcloud/server/issues/1662"},
			path("/remote.php/"), nil},
		{quirk{"sogo status", "a sync report gives members that changed a status of their own, 201 or 200, beside their properties; they count as there", "https://github.com/mstilkerich/rcmcarddav/issues/302"},
			path("/SOGo/"), func(q *quirks) { q.reread = true }},
		{quirk{"sogo blind", "it writes over what is there although a create says If-None-Match, deletes at whatever version, and brings back what was deleted; the record is looked at just before",
			"https://github.com/dupondje/PHP-Push-2/issues/41"},
			path("/SOGo/"), func(q *quirks) { q.blind = true }},
		{quirk{"xandikos status", "the collection itself is in listings with a status of its own; it is no member", "https://github.com/jelmer/xandikos/issues/40"},
			xandikos, nil},
		{quirk{"xandikos sorts", "it puts the properties of a calendar into another order and answers with a strong entity tag, as others that parse what they store; what was written is read back",
			"https://github.com/sabre-io/dav/issues/547"},
			xandikos, func(q *quirks) { q.reread = true }},
		{quirk{"icloud empty properties", "properties that are not there come a second time, empty, with status 404; only those that were found count", "https://github.com/gggard/AndroidCaldavSyncAdapater/issues/186"},
			host("icloud.com"), func(q *quirks) { q.byUID, q.rate = true, 10 }},
		{quirk{"icloud drops tokens", "a sync token that it has dropped is answered with everything instead of a refusal; entity tags tell what is new", "https://github.com/python-caldav/caldav/issues/122"},
			host("icloud.com"), nil},
		{quirk{"google renames", "contacts are kept under a name of the server's own, told in Location", "https://github.com/pimutils/vdirsyncer/issues/1223"},
			func(s server) bool {
				return host("googleapis.com")(s) || host("google.com")(s) || host("googleusercontent.com")(s)
			},
			func(q *quirks) { q.renames, q.byUID, q.reread, q.rate = true, true, true, 8 }},
		{quirk{"google conflict", "a change of what another made is refused with 409; the record is looked at again", "https://github.com/pimutils/vdirsyncer/issues/963"},
			host("googleusercontent.com"), nil},
		{quirk{"fastmail scheduling", "meetings are stored without an entity tag in the answer; what was written is read back", "https://github.com/cyrusimap/cyrus-imapd/pull/6194"},
			host("fastmail.com"), nil},
		{quirk{"fastmail escapes", "a user's name in addresses is spelled with and without %40; paths are compared without escapes", "https://github.com/skarra/ASynK/issues/69"},
			host("fastmail.com"), nil},
		{quirk{"zimbra omits", "a multiget leaves out records instead of saying that they are not there; each is asked for by itself", "https://github.com/pimutils/vdirsyncer/issues/480"},
			zimbra, nil},
		{quirk{"groupoffice unquoted", "entity tags are given without quotes, and wanted back as they were given", "https://github.com/Intermesh/groupoffice/issues/556"},
			path("/carddav/addressbooks/"), nil},
	}
}

func xandikos(s server) bool {
	name := s.header.Get("Server")
	return strings.Contains(name, "aiohttp") || strings.Contains(name, "Xandikos")
}

// zimbra is known by its addresses, /dav/anna@example.org/Contacts/.
func zimbra(s server) bool {
	rest, ok := strings.CutPrefix(s.props["path"], "/dav/")
	user, _, _ := strings.Cut(rest, "/")
	return ok && strings.Contains(user, "@")
}

// learn tells the behaviours of the server behind an answer.
func learn(at *url.URL, h http.Header, syncToken string) quirks {
	s := server{host: strings.ToLower(at.Hostname()), header: h, props: map[string]string{"sync-token": syncToken, "path": at.Path}}
	var q quirks
	for _, k := range known() {
		if k.is(s) {
			q.names = append(q.names, k.quirk)
			if k.set != nil {
				k.set(&q)
			}
		}
	}
	return q
}
