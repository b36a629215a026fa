// Package web walks through the hub's pages with a real browser, on the real program with real places, and looks at each page as people do: on a narrow phone and
// on a desk, by day and by night, by keyboard alone, and through axe-core's eyes. It leaves pictures of all pages in shots, or in the folder that TANDEM_SHOTS names.
package web
