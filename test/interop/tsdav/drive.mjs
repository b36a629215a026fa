// Drives a server with tsdav: accounts found from the address alone, address books and calendars listed, records added, changed under their entity tags
// and removed, changes heard of by sync-collection. Ends with 0 if all went as it should. Usage: node drive.mjs URL USER PASSWORD
import { DAVClient } from 'tsdav';

const [serverUrl, username, password] = process.argv.slice(2);

function check(what, ok) {
  if (!ok) {
    console.error('failed: ' + what);
    process.exit(1);
  }
  console.log('ok: ' + what);
}

async function login(defaultAccountType) {
  const client = new DAVClient({ serverUrl, credentials: { username, password }, authMethod: 'Basic', defaultAccountType });
  await client.login();
  return client;
}

const card = (uid, name, tel) => `BEGIN:VCARD\r\nVERSION:3.0\r\nUID:${uid}\r\nFN:${name}\r\nN:${name};;;;\r\nTEL;TYPE=CELL:${tel}\r\nEND:VCARD\r\n`;
const event = (uid, summary) => `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tsdav//EN\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T100000Z\r\nSUMMARY:${summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;

const contacts = await login('carddav');
const books = await contacts.fetchAddressBooks();
check('an address book is found', books.length >= 1);
const book = books[0];
let r = await contacts.createVCard({ addressBook: book, filename: 'ts-1.vcf', vCardString: card('ts-1', 'Adams', '1') });
check('a card is added', r.status === 201);
r = await contacts.createVCard({ addressBook: book, filename: 'ts-1.vcf', vCardString: card('ts-1', 'Adams', '2') });
check('a card is not added twice', r.status === 412);
let cards = await contacts.fetchVCards({ addressBook: book });
let mine = cards.find((c) => c.url.endsWith('ts-1.vcf'));
check('the card comes back as it was put', mine && mine.data.includes('TEL;TYPE=CELL:1'));
r = await contacts.updateVCard({ vCard: { ...mine, data: card('ts-1', 'Adams', '3') } });
check('the card is changed', r.ok);
r = await contacts.updateVCard({ vCard: { ...mine, data: card('ts-1', 'Adams', '4') } });
check('a change under an old entity tag is refused', r.status === 412);
let again = await contacts.smartCollectionSync({ collection: { ...book, objects: cards, objectMultiGet: (p) => contacts.addressBookMultiGet(p) }, method: 'webdav', detailedResult: true });
check('the change is heard of', again.objects.updated.length === 1 || again.objects.created.length >= 1);
cards = await contacts.fetchVCards({ addressBook: book });
mine = cards.find((c) => c.url.endsWith('ts-1.vcf'));
check('the second change stands', mine.data.includes('TEL;TYPE=CELL:3'));
r = await contacts.deleteVCard({ vCard: mine });
check('the card is removed', r.ok);

const calendars = await login('caldav');
r = await calendars.makeCalendar({ url: new URL('ts-work/', calendars.account.homeUrl).href, props: { displayname: 'Work of tsdav', 'calendar-description': 'made by a test' } });
check('a calendar is made', r.every((x) => x.ok));
let cal = (await calendars.fetchCalendars()).find((c) => c.displayName === 'Work of tsdav');
check('it is listed', !!cal && cal.components.includes('VEVENT'));
for (const [uid, summary] of [['ts-e1', 'Stand-up'], ['ts-e2', 'Dentist']]) {
  r = await calendars.createCalendarObject({ calendar: cal, filename: uid + '.ics', iCalString: event(uid, summary) });
  check('an event is added', r.status === 201);
}
let objects = await calendars.fetchCalendarObjects({ calendar: cal, timeRange: { start: '2026-03-01T00:00:00Z', end: '2026-03-03T00:00:00Z' } });
check('events are found by time', objects.length === 2);
objects = await calendars.fetchCalendarObjects({ calendar: cal, timeRange: { start: '2026-04-01T00:00:00Z', end: '2026-04-03T00:00:00Z' } });
check('and not at other times', objects.length === 0);
cal = (await calendars.fetchCalendars()).find((c) => c.displayName === 'Work of tsdav'); // with a newer sync-token
let all = await calendars.fetchCalendarObjects({ calendar: cal });
let e1 = all.find((o) => o.url.endsWith('ts-e1.ics'));
r = await calendars.updateCalendarObject({ calendarObject: { ...e1, data: event('ts-e1', 'Sit-down') } });
check('an event is changed', r.ok);
r = await calendars.deleteCalendarObject({ calendarObject: all.find((o) => o.url.endsWith('ts-e2.ics')) });
check('an event is removed', r.ok);
const synced = await calendars.smartCollectionSync({ collection: { ...cal, objects: all, objectMultiGet: (p) => calendars.calendarMultiGet(p) }, method: 'webdav', detailedResult: true });
check('both are heard of', synced.objects.updated.length === 1 && synced.objects.deleted.length === 1);
check('with the new text', synced.objects.updated[0].data.includes('Sit-down'));
r = await calendars.deleteObject({ url: cal.url });
check('the calendar is removed', r.ok);
