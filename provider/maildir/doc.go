// Package maildir is the provider for mail in folders of the Maildir format, and for trees of them: Maildir++ as Dovecot and Courier keep it, and the nested
// folders of mbsync. A replica is one folder.
//
// A message is a file that nobody edits. Its name is a unique part, by which the record is known, and behind "2," its flags; changing flags is renaming. Any
// program may rename at any moment, and reading a directory while that goes on misses files and shows them twice. Nothing here therefore takes a name that
// is not there for a message that is gone before the directory was read again and stood still meanwhile, see scan.
//
// Sources: cr.yp.to/proto/maildir.html for the format, Courier's README.maildirquota for Maildir++ and the fields S= and W=, and Dovecot's documentation
// of its extensions for keywords.
package maildir
