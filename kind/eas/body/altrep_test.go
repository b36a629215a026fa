package body_test

import (
	"testing"

	"tandem/kind/eas/body"
	"tandem/wire/contentline"
)

func TestAltRep(t *testing.T) {
	for v, want := range map[string]string{
		"data:text/html,%3Cb%3Ebold%3C%2Fb%3E%20text":        "<b>bold</b> text",
		"DATA:text/HTML;charset=utf-8,%3Cb%3E%C3%A9%3C/b%3E": "<b>é</b>",
		"data:text/html;base64,PGI+YTwvYj4=":                 "<b>a</b>",
		"cid:part1@x.example":                                "",
		"https://x.example/a.html":                           "",
		"data:text/plain,a":                                  "",
		"data:text/html,%zz":                                 "",
		"data:text/html;base64,!":                            "",
		"data:text/html,%FF":                                 "",
		"data:text/html,":                                    "",
		"":                                                   "",
	} {
		l := contentline.NewLine("DESCRIPTION", "x", contentline.NewParam("ALTREP", v))
		if got, ok := body.AltRep(l); got != want && ok || ok != (want != "") {
			t.Errorf("%s is %q, %v", v, got, ok)
		}
	}
	l := contentline.NewLine("DESCRIPTION", "x")
	for _, html := range []string{"<p>a; b, c: \"d\" 100%</p>", "<i>é€😀</i>\r\n"} {
		body.SetAltRep(l, html)
		if got, ok := body.AltRep(l); got != html || !ok {
			t.Errorf("%q comes back as %q", html, got)
		}
	}
	if body.SetAltRep(l, ""); len(l.Params()) > 0 {
		t.Errorf("%v is left", l.Params())
	}
}
