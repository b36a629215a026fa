package page

import "html/template"

// icon is a small drawing, 24 by 24, in the colour of the text beside it. It says nothing that the text does not, so it is hidden from who listens.
func icon(name string) template.HTML {
	d, ok := drawings()[name]
	if !ok {
		d = drawings()["thing"]
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">` + d + `</svg>`)
}

// drawings by name: kinds of records, types of partners, and what buttons do.
func drawings() map[string]string {
	return map[string]string{
		"logo":     `<path d="M4 9a6 6 0 0 1 10.5-4L17 7.500M17 3v4.500h-4.500"/><path d="M20 15a6 6 0 0 1-10.500 4L7 16.500M7 21v-4.500h4.500"/>`,
		"thing":    `<circle cx="12" cy="12" r="8"/>`,
		"contact":  `<circle cx="12" cy="8.500" r="3.500"/><path d="M5 20c.6-3.600 3.400-5.500 7-5.500s6.400 1.900 7 5.500"/>`,
		"event":    `<rect x="4" y="5.500" width="16" height="14.500" rx="2.500"/><path d="M4 10h16M8.500 3.500v4M15.500 3.500v4"/>`,
		"task":     `<rect x="4" y="4" width="16" height="16" rx="3"/><path d="m8.500 12 2.500 2.500 4.500-5"/>`,
		"note":     `<path d="M6 3.500h9l4 4V20a.5.5 0 0 1-.5.5H6a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1z"/><path d="M8.500 11h7M8.500 15h5"/>`,
		"mail":     `<rect x="3.500" y="5.500" width="17" height="13" rx="2.500"/><path d="m4.500 7.500 7.500 5.500 7.500-5.500"/>`,
		"sms":      `<path d="M5 5h14a1.500 1.500 0 0 1 1.500 1.500v8A1.500 1.500 0 0 1 19 16h-7l-4.500 4v-4H5a1.500 1.500 0 0 1-1.500-1.500v-8A1.500 1.500 0 0 1 5 5z"/>`,
		"bookmark": `<path d="M7 3.500h10a1 1 0 0 1 1 1V20.500l-6-4-6 4v-16a1 1 0 0 1 1-1z"/>`,
		"file":     `<path d="M3.500 7a1.500 1.500 0 0 1 1.500-1.500h4l2 2.500h8a1.500 1.500 0 0 1 1.500 1.500v8A1.500 1.500 0 0 1 19 19H5a1.500 1.500 0 0 1-1.500-1.500z"/>`,
		"picture":  `<rect x="3.500" y="5" width="17" height="14" rx="2.500"/><circle cx="9" cy="10" r="1.600"/><path d="m4.500 17.500 5-4.500 3 2.500 3-3 4.500 4"/>`,
		"row":      `<rect x="3.500" y="5" width="17" height="14" rx="2"/><path d="M3.500 10h17M3.500 14.500h17M9.500 5v14"/>`,
		"page":     `<circle cx="12" cy="12" r="8.500"/><path d="M3.500 12h17M12 3.500c2.500 2.500 3.500 5.500 3.500 8.500s-1 6-3.500 8.500c-2.500-2.500-3.500-5.500-3.500-8.500s1-6 3.500-8.500z"/>`,
		"setting":  `<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>`,

		"phone":    `<rect x="7" y="3" width="10" height="18" rx="2.500"/><path d="M11 18h2"/>`,
		"folder":   `<path d="M3.500 7a1.500 1.500 0 0 1 1.500-1.500h4l2 2.500h8a1.500 1.500 0 0 1 1.500 1.500v8A1.500 1.500 0 0 1 19 19H5a1.500 1.500 0 0 1-1.500-1.500z"/>`,
		"service":  `<path d="M7.500 18.500a4 4 0 0 1-.5-7.970A5.500 5.500 0 0 1 17.500 9.500a4.500 4.500 0 0 1 0 9z"/>`,
		"computer": `<rect x="4" y="5" width="16" height="10.500" rx="1.500"/><path d="M2.500 19h19"/>`,

		"app":           `<rect x="3.500" y="4.500" width="17" height="15" rx="2"/><path d="M3.500 9h17M6.500 6.800h.1M9 6.800h.1"/>`,
		"cards":         `<rect x="3.500" y="8" width="17" height="11.500" rx="1.800"/><path d="M5.500 8V6.300h13V8M7.500 6.300V4.500h9v1.800"/><circle cx="9" cy="12.600" r="1.600"/><path d="M6.300 16.800c.3-1.500 1.400-2.200 2.700-2.200s2.400.7 2.700 2.200M14.500 12.500h3.500M14.500 15.500h3.500"/>`,
		"mailbox":       `<path d="M3.500 17V9.500a4 4 0 0 1 8 0V17zM11.500 17h9V9.500a4 4 0 0 0-4-4h-9M12.500 17v4"/><path d="M15.500 9.500h3V7"/>`,
		"cloud-contact": `<path d="M7 19.500a4 4 0 0 1-.3-7.980A5.500 5.500 0 0 1 17.300 10.500a4.500 4.500 0 0 1 .4 9z"/><circle cx="12" cy="12.800" r="1.700"/><path d="M8.800 17.800c.4-1.700 1.600-2.500 3.200-2.500s2.800.8 3.200 2.500"/>`,
		"cloud-event":   `<path d="M7 19.500a4 4 0 0 1-.3-7.980A5.500 5.500 0 0 1 17.300 10.500a4.500 4.500 0 0 1 .4 9z"/><rect x="8.500" y="12" width="7" height="5.500" rx="1"/><path d="M8.500 14.200h7M10.300 11v1.500M13.700 11v1.500"/>`,
		"cloud-file":    `<path d="M7 19.500a4 4 0 0 1-.3-7.980A5.500 5.500 0 0 1 17.300 10.500a4.500 4.500 0 0 1 .4 9z"/><path d="M8.500 17v-4.500h2.600l1 1.200h3.400V17z"/>`,
		"feed":          `<rect x="4" y="5.500" width="16" height="14.500" rx="2.500"/><path d="M4 10h16M8.500 3.500v4M15.500 3.500v4M9 17.300h.1M9 14.800a2.600 2.600 0 0 1 2.600 2.500M9 12.400a5 5 0 0 1 5 4.900"/>`,

		"plug":  `<path d="M9 3.500v4.500M15 3.500v4.500M6.500 8h11v3a5.500 5.500 0 0 1-11 0zM12 16.500v4"/>`,
		"cut":   `<path d="M9 3.500v4.500M15 3.500v4.500M6.500 8h11v3a5.500 5.500 0 0 1-.6 2.500M12 16.500v4M3.500 3.500l17 17"/><path d="M6.500 8v3a5.500 5.500 0 0 0 5.500 5.500"/>`,
		"away":  `<path d="M4 14.500v4.500h16v-4.500M4 14.500h4.500l1.500 2h4l1.500-2H20M12 4v7.500M9 8.500l3 3 3-3"/>`,
		"clock": `<circle cx="12" cy="12" r="8.500"/><path d="M12 7v5l3.500 2"/>`,
		"veil":  `<path d="M4 4l16 16M9.500 5.900A9 9 0 0 1 12 5.500c6 0 9.500 6.500 9.500 6.500a15 15 0 0 1-2.800 3.500M6.200 7.300A15 15 0 0 0 2.500 12S6 18.500 12 18.500a9 9 0 0 0 4-.9"/>`,
		"ask":   `<circle cx="12" cy="12" r="8.500"/><path d="M9.500 9.600a2.600 2.600 0 1 1 3.700 2.400c-.8.4-1.200.9-1.200 1.800M12 16.600v.1"/>`,

		"ok":     `<circle cx="12" cy="12" r="8.500"/><path d="m8.500 12.300 2.400 2.400 4.600-5.200"/>`,
		"sync":   `<path d="M4.500 10a8 8 0 0 1 14-3l1.500 2M20 4.500V9h-4.500"/><path d="M19.500 14a8 8 0 0 1-14 3L4 15M4 19.500V15h4.500"/>`,
		"warn":   `<path d="M12 4 2.800 19.500h18.400z"/><path d="M12 10v4.500M12 17.200v.1"/>`,
		"fail":   `<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500v5.500M12 16.200v.1"/>`,
		"off":    `<circle cx="12" cy="12" r="8.500"/><path d="M8.500 12h7"/>`,
		"new":    `<circle cx="12" cy="12" r="8.500" stroke-dasharray="3.500 3.200"/>`,
		"split":  `<path d="M12 20v-6.500L5.500 7M12 13.500 18.500 7M5.500 11V7h4M14.500 7h4v4"/>`,
		"start":  `<path d="M8 5.500v13l10.500-6.500z"/>`,
		"stop":   `<rect x="6.500" y="6.500" width="11" height="11" rx="1.500"/>`,
		"add":    `<path d="M12 5v14M5 12h14"/>`,
		"eye":    `<path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z"/><circle cx="12" cy="12" r="2.800"/>`,
		"undo":   `<path d="M4 9h10a5.500 5.500 0 0 1 0 11H9M4 9l4.500-4.500M4 9l4.500 4.500"/>`,
		"people": `<circle cx="9" cy="9" r="3.200"/><path d="M2.800 19.500c.5-3.300 3-5 6.200-5s5.700 1.700 6.200 5"/><path d="M15.500 6.200a3.200 3.200 0 0 1 0 5.600M17.800 14.900c1.900.7 3.100 2.300 3.400 4.600"/>`,
		"heart":  `<path d="M3.500 12.500h4l2-5 4 10 2.500-6 1 2h3.500"/>`,
		"log":    `<path d="M8.500 6h12M8.500 12h12M8.500 18h12M4 6h.1M4 12h.1M4 18h.1"/>`,
		"share":  `<circle cx="6" cy="12" r="2.500"/><circle cx="17.500" cy="6" r="2.500"/><circle cx="17.500" cy="18" r="2.500"/><path d="m8.300 10.900 7-3.700M8.300 13.100l7 3.700"/>`,
		"key":    `<circle cx="8" cy="14.500" r="4"/><path d="m11 11.500 8-8M16 6.500l2.500 2.500"/>`,
	}
}
