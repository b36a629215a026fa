# Drives a CalDAV server with python3-caldav: calendars made and removed, events and tasks added, changed, searched for and removed, changes heard of
# by sync-token. Ends with 0 if all went as it should. Usage: pycaldav.py URL USER PASSWORD
import sys
from datetime import datetime, timedelta, timezone

import caldav

url, user, password = sys.argv[1:4]
client = caldav.DAVClient(url=url, username=user, password=password)
principal = client.principal()


def check(what, ok):
    if not ok:
        sys.exit("failed: " + what)
    print("ok:", what)


def event(uid, summary, start, extra=""):
    end = start + timedelta(hours=1)
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\n"
            "SUMMARY:%s\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n" % (uid, start.strftime("%Y%m%dT%H%M%SZ"), end.strftime("%Y%m%dT%H%M%SZ"), summary, extra))


start = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)
cal = principal.make_calendar(name="Work of python", cal_id="python-work")
check("the new calendar is listed", any(c.name == "Work of python" for c in principal.calendars()))
check("its display name is what was asked for", cal.get_properties([caldav.elements.dav.DisplayName()])["{DAV:}displayname"] == "Work of python")

e1 = cal.save_event(event("py-1", "Stand-up", start, "RRULE:FREQ=WEEKLY;COUNT=5\r\n"))
cal.save_event(event("py-2", "Dentist", start + timedelta(days=40)))
check("two events are there", len(cal.events()) == 2)
check("an event is found by its UID", cal.event_by_uid("py-2").vobject_instance.vevent.summary.value == "Dentist")
check("the body is what was put", "RRULE:FREQ=WEEKLY;COUNT=5" in cal.event_by_uid("py-1").data)

found = cal.date_search(start=start + timedelta(days=6), end=start + timedelta(days=8), expand=False)
check("a series is found by one of its instances", len(found) == 1)
found = cal.date_search(start=start, end=start + timedelta(days=15), expand=True)
check("a series is expanded", sum(f.data.count("BEGIN:VEVENT") for f in found) == 3 and all("RRULE" not in f.data for f in found))
check("nothing is found where nothing is", cal.date_search(start=start - timedelta(days=9), end=start - timedelta(days=8)) == [])
check("search by summary", [c.vobject_instance.vevent.uid.value for c in cal.search(summary="Dentist", event=True)] == ["py-2"])

known = cal.objects_by_sync_token(load_objects=True)
check("the first look by sync-token shows both", len(list(known)) == 2)
e1.data = e1.data.replace("Stand-up", "Sit-down")
e1.save()
cal.event_by_uid("py-2").delete()
cal.save_event(event("py-3", "Lunch", start))
news = list(cal.objects_by_sync_token(sync_token=known.sync_token, load_objects=False))
check("changes are heard of", len(news) >= 2)
check("the change arrived", "Sit-down" in cal.event_by_uid("py-1").data)
try:
    cal.event_by_uid("py-2")
    check("the removed event is gone", False)
except caldav.lib.error.NotFoundError:
    check("the removed event is gone", True)

tasks = principal.make_calendar(name="Tasks of python", cal_id="python-tasks", supported_calendar_component_set=["VTODO"])
t = tasks.save_todo("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\nUID:py-t1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Water the plants\r\n"
                    "DUE:20260310T120000Z\r\nSTATUS:NEEDS-ACTION\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
check("the task is open", len(tasks.todos()) == 1)
t.complete()
check("the completed task is no longer open", len(tasks.todos()) == 0)
check("but it is there", len(tasks.todos(include_completed=True)) == 1)

notes = principal.make_calendar(name="Notes of python", cal_id="python-notes", supported_calendar_component_set=["VJOURNAL"])
notes.save_journal("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VJOURNAL\r\nUID:py-j1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Diary\r\n"
                   "DESCRIPTION:It rained.\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n")
check("the note is there", len(notes.journals()) == 1)

busy = cal.freebusy_request(start, start + timedelta(days=15))
check("the calendar tells when it is busy", "FREEBUSY" in busy.data)
for c in (cal, tasks, notes):
    c.delete()
check("removed calendars are no longer listed", not any((c.name or "").endswith("of python") for c in principal.calendars()))
