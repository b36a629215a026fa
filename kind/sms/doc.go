// Package sms knows text messages. A body is an RFC 5322 message, so that everything that reads mail reads it, and nothing that the phone said is lost:
//
//	From: Anna <+4917012345@sms.invalid>      who wrote it; To: who gets it. Of a message that came, the phone often names
//	                                          the sender only, of one that was sent the receivers only
//	Date: Sat, 01 Mar 2025 12:00:00 +0000     when, X-SMS-Date: the same in milliseconds
//	Subject: …                                where it has one
//	X-SMS-Element: sms                        the element it was in a backup of a phone: sms or mms; not there where it came another way
//	X-SMS-Attrs: protocol=0&toa=null&…        its attributes there that are not said elsewhere, query-escaped, in their order
//	X-SMS-Addr: address=%2B49170&type=151     each address of an mms, likewise
//
// The text is the body, in UTF-8 and base64. A message with pictures (MMS) is multipart/related, a part each, with the part's own X-SMS-Attrs. A number is a mailbox of
// sms.invalid, a domain that exists nowhere (RFC 2606), which takes any sender, also one that is a word.
//
// What changes about a message is in its attributes: "seen" as for mail, and "box", where it lies on the phone.
package sms
