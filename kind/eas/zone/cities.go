package zone

// cities are the zones that are tried, of those with the same rules the one where most people live first.
var cities = [...]string{
	"UTC",
	"Europe/Berlin", "Europe/London", "Europe/Athens", "Europe/Moscow", "Europe/Istanbul", "Europe/Lisbon",
	"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage", "America/Halifax", "America/St_Johns",
	"America/Phoenix", "Pacific/Honolulu", "America/Adak",
	"Asia/Shanghai", "Asia/Kolkata", "Asia/Tokyo", "Asia/Jakarta", "Asia/Karachi", "Asia/Dhaka", "Asia/Dubai", "Asia/Tehran", "Asia/Kathmandu",
	"Asia/Kabul", "Asia/Yangon", "Asia/Tashkent", "Asia/Baghdad", "Asia/Jerusalem", "Asia/Beirut", "Asia/Amman", "Asia/Gaza", "Asia/Colombo",
	"America/Sao_Paulo", "America/Bogota", "America/Mexico_City", "America/Caracas", "America/Santiago", "America/Asuncion", "America/Havana",
	"America/Noronha", "America/Tijuana", "America/Port-au-Prince", "America/Miquelon", "America/Nuuk", "America/Scoresbysund",
	"Africa/Lagos", "Africa/Cairo", "Africa/Johannesburg", "Africa/Nairobi", "Africa/Accra", "Africa/Casablanca", "Africa/El_Aaiun",
	"Atlantic/Azores", "Atlantic/Cape_Verde", "Europe/Chisinau", "Africa/Windhoek", "Africa/Tripoli",
	"Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Darwin", "Australia/Perth", "Australia/Eucla", "Australia/Lord_Howe",
	"Pacific/Auckland", "Pacific/Chatham", "Pacific/Fiji", "Pacific/Apia", "Pacific/Tongatapu", "Pacific/Kiritimati", "Pacific/Guadalcanal",
	"Pacific/Norfolk", "Pacific/Easter", "Pacific/Marquesas", "Pacific/Gambier", "Pacific/Pitcairn", "Pacific/Pago_Pago", "Pacific/Niue",
	"Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka", "Asia/Yekaterinburg", "Asia/Omsk",
	"Asia/Ulaanbaatar", "Asia/Damascus", "Europe/Samara", "Etc/GMT+12",
}
