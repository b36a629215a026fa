package eas_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/test/easclient"
	"tandem/test/easkit"
	"tandem/wire/wbxml"
)

// shape gathers which elements occur in the answers of a version: "Command/Parent/Element".
type shape struct {
	*house
	version string
	seen    map[string]bool
}

func (s *shape) saw(command string, doc *wbxml.Element) {
	v, _ := eas.ParseVersion(s.version)
	var walk func(parent string, e *wbxml.Element)
	walk = func(parent string, e *wbxml.Element) {
		s.seen[command+"/"+parent+"/"+e.Tag.Name()] = true
		if !e.Tag.In(wbxml.Version(v)) {
			s.Errorf("%s of %s holds %s, which that version does not have", command, s.version, e.Tag)
		}
		for _, c := range e.Children {
			walk(e.Tag.Name(), c)
		}
	}
	walk("", doc)
}

// do sends a request and minds the answer.
func (s *shape) do(c *easclient.Client, command, request string) string {
	s.Helper()
	doc := (*wbxml.Element)(nil)
	if request != "" {
		var err error
		doc, err = wbxml.FromXML(strings.NewReader(request))
		s.must(err)
	}
	a, err := c.Do(context.Background(), command, doc)
	s.must(err)
	if a.Code != http.StatusOK || a.Doc == nil {
		return ""
	}
	s.saw(command, a.Doc)
	return easkit.Text(a.Doc)
}

// elements are what answers are made of, by command, with the first version that has them: "Parent: Element Element".
var elements = []struct {
	command, parent, names string
	since                  eas.Version
}{
	{"FolderSync", "FolderSync", "Status SyncKey Changes", 121}, {"FolderSync", "Changes", "Count Add Update Delete", 121},
	{"FolderSync", "Add", "ServerId ParentId DisplayName Type", 121}, {"FolderSync", "Update", "ServerId ParentId DisplayName Type", 121}, {"FolderSync", "Delete", "ServerId", 121},
	{"FolderCreate", "FolderCreate", "Status SyncKey ServerId", 121}, {"FolderUpdate", "FolderUpdate", "Status SyncKey", 121}, {"FolderDelete", "FolderDelete", "Status SyncKey", 121},
	{"Ping", "Ping", "Status Folders MaxFolders HeartbeatInterval", 121}, {"Ping", "Folders", "Folder", 121},
	{"ItemOperations", "ItemOperations", "Status Response", 121}, {"ItemOperations", "Response", "Fetch EmptyFolderContents", 121}, {"ItemOperations", "Response", "Move", 140},
	{"ItemOperations", "Fetch", "Status CollectionId ServerId LongId FileReference Class Properties", 121}, {"ItemOperations", "Properties", "Range Total ContentType Data Part Body", 121}, {"ItemOperations", "Body", "Type EstimatedDataSize Data Part", 121},
	{"ItemOperations", "EmptyFolderContents", "Status CollectionId", 121}, {"ItemOperations", "Move", "Status ConversationId", 140},
	{"MeetingResponse", "MeetingResponse", "Result", 121}, {"MeetingResponse", "Result", "RequestId Status CalendarId", 121},
	{"Search", "Search", "Status Response", 121}, {"Search", "Response", "Store", 121}, {"Search", "Store", "Status Result Range Total", 121}, {"Search", "Result", "Properties", 121},
	{"Search", "Properties", "DisplayName Phone Office Title Company Alias FirstName LastName HomePhone MobilePhone EmailAddress", 121}, {"Search", "Properties", "Picture", 141},
	{"Search", "Picture", "Status Data", 141},
	{"Find", "Find", "Status Response", 161}, {"Find", "Response", "Store Status Result Range Total", 161}, {"Find", "Result", "Properties", 161},
	{"Find", "Properties", "DisplayName Phone Office Title Company Alias FirstName LastName HomePhone MobilePhone EmailAddress Picture", 161}, {"Find", "Picture", "Status Data", 161},
	{"ResolveRecipients", "ResolveRecipients", "Status Response", 121}, {"ResolveRecipients", "Response", "To Status RecipientCount Recipient", 121},
	{"ResolveRecipients", "Recipient", "Type DisplayName EmailAddress Certificates", 121}, {"ResolveRecipients", "Recipient", "Availability", 140}, {"ResolveRecipients", "Recipient", "Picture", 141},
	{"ResolveRecipients", "Certificates", "Status CertificateCount RecipientCount Certificate MiniCertificate", 121}, {"ResolveRecipients", "Availability", "Status MergedFreeBusy", 140},
	{"ResolveRecipients", "Picture", "Status Data", 141},
	{"Settings", "Settings", "Status Oof DeviceInformation DevicePassword UserInformation", 121}, {"Settings", "Settings", "RightsManagementInformation", 141},
	{"Settings", "Oof", "Status Get", 121}, {"Settings", "Get", "OofState StartTime EndTime OofMessage", 121}, {"Settings", "Get", "Accounts RightsManagementTemplates", 141},
	{"Settings", "OofMessage", "AppliesToInternal AppliesToExternalKnown AppliesToExternalUnknown Enabled ReplyMessage BodyType", 121}, {"Settings", "DeviceInformation", "Status", 121},
	{"Settings", "DevicePassword", "Status", 121}, {"Settings", "UserInformation", "Status Get", 121}, {"Settings", "EmailAddresses", "SMTPAddress", 121},
	{"Settings", "Accounts", "Account", 141}, {"Settings", "Account", "UserDisplayName EmailAddresses", 141}, {"Settings", "EmailAddresses", "PrimarySmtpAddress", 141},
	{"Settings", "RightsManagementInformation", "Status Get", 141},
	{"ValidateCert", "ValidateCert", "Status Certificate", 121}, {"ValidateCert", "Certificate", "Status", 121},
	{"Provision", "Provision", "Status Policies RemoteWipe", 121}, {"Provision", "Provision", "DeviceInformation", 121}, {"Provision", "Policies", "Policy", 121},
	{"Provision", "Policy", "PolicyType Status PolicyKey Data", 121}, {"Provision", "Data", "EASProvisionDoc", 121}, {"Provision", "Provision", "AccountOnlyRemoteWipe", 161},
}

// TestStructure drives every command through what it can be answered in every version. Each element of the table occurs in each version that has it, below the
// parent that the specification names, and in no other; nothing occurs that the version does not have; and the schemas, which say what may be within what, how
// often, in which order and of which type, like every answer. MS-ASCMD 2.2.3, MS-ASPROV 2.2.2
func TestStructure(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			s := &shape{house: newHouse(t), version: version, seen: map[string]bool{}}
			v, _ := eas.ParseVersion(version)
			s.drive()
			for _, e := range elements {
				for _, name := range strings.Fields(e.names) {
					if got := s.seen[e.command+"/"+e.parent+"/"+name]; got != (v >= e.since) {
						t.Errorf("%s: %s below %s: %v", e.command, name, e.parent, got)
					}
				}
			}
			s.valid()
		})
	}
}

// drive sends what brings all elements about.
func (s *shape) drive() {
	s.Helper()
	s.put(s.collection("ann", tandem.Contact), "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nN:Young;Zoe;;;\r\nFN:Zoe Young\r\nTITLE:smith\r\nORG:Forge\r\nNICKNAME:zy\r\nADR;TYPE=WORK:;Room 12;Street 1;Town;;1;\r\nTEL;TYPE=WORK:1\r\nTEL;TYPE=HOME:2\r\nTEL;TYPE=CELL:3\r\nEMAIL:zoe@x.org\r\n"+
		"PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==\r\nKEY;ENCODING=b;TYPE=X509:"+s.certificate()+"\r\nEND:VCARD\r\n")
	s.put(s.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:x", "DESCRIPTION:much of it", "ORGANIZER:mailto:ben@x.org", "ATTENDEE:mailto:ann@example.org",
		"ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.txt:"+base64.StdEncoding.EncodeToString([]byte("hello"))))
	c := s.client("ann", "phone1", s.version)
	p := easclient.NewPhone(c)
	s.must(p.FolderSync(s.ctx()))
	s.folders(c)
	s.fetches(c, p)
	s.people(c)
	s.settings(c)
	// Ping, with an interval out of bounds, too many folders, and something new.
	ping := func(n string, count int) {
		s.do(c, "Ping", "<Ping><HeartbeatInterval>"+n+"</HeartbeatInterval><Folders>"+numbered(count, "<Folder><Id>%</Id><Class>Contacts</Class></Folder>")+"</Folders></Ping>")
	}
	ping("1", 1)
	ping("60", 300)
	s.do(c, "Sync", sync1(collection("0", p.FolderOf(8), "")))
	s.do(c, "Ping", "<Ping><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>"+p.FolderOf(8)+"</Id><Class>Calendar</Class></Folder></Folders></Ping>")
	s.provision(c)
}

// numbered repeats a text with 1, 2, 3… for the percent sign.
func numbered(n int, text string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Replace(text, "%", strconv.Itoa(i+1), 1))
	}
	return b.String()
}

func (s *shape) ctx() context.Context { return context.Background() }

func (s *shape) folders(c *easclient.Client) {
	s.Helper()
	key := keyIn(s.do(c, "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>"))
	made := s.do(c, "FolderCreate", "<FolderCreate><SyncKey>"+key+"</SyncKey><ParentId>0</ParentId><DisplayName>More</DisplayName><Type>14</Type></FolderCreate>")
	id := serverID(made)
	key = keyIn(s.do(c, "FolderUpdate", "<FolderUpdate><SyncKey>"+keyIn(made)+"</SyncKey><ServerId>"+id+"</ServerId><ParentId>0</ParentId><DisplayName>Less</DisplayName></FolderUpdate>"))
	key = keyIn(s.do(c, "FolderDelete", "<FolderDelete><SyncKey>"+key+"</SyncKey><ServerId>"+id+"</ServerId></FolderDelete>"))
	// Elsewhere a folder is renamed, one is made and one goes away.
	tasks := s.collection("ann", tandem.Task)
	other, err := s.st.Home.PutCollection(s.ctx(), tandem.Collection{User: "ann", Kind: tandem.Task, Name: "errands"})
	s.must(err)
	key = keyIn(s.do(c, "FolderSync", "<FolderSync><SyncKey>"+key+"</SyncKey></FolderSync>"))
	tasks.Name, tasks.Props = "duties", map[string]string{"title": "duties"}
	_, err = s.st.Home.PutCollection(s.ctx(), tasks)
	s.must(err)
	s.must(s.st.Home.RemoveCollection(s.ctx(), other.ID))
	s.do(c, "FolderSync", "<FolderSync><SyncKey>"+key+"</SyncKey></FolderSync>")
	for _, bad := range []string{"FolderSync", "FolderCreate", "FolderUpdate", "FolderDelete"} {
		s.do(c, bad, "<"+bad+"><SyncKey>4711</SyncKey></"+bad+">")
		s.do(c, bad, "<"+bad+"/>")
	}
}

func (s *shape) fetches(c *easclient.Client, p *easclient.Phone) {
	s.Helper()
	begin := s.do(c, "Sync", sync1(collection("0", p.FolderOf(8), "")))
	event := serverID(s.do(c, "Sync", sync1(collection(keyIn(begin), p.FolderOf(8), changes))))
	fetch := func(inner string) string { return "<Fetch><Store>Mailbox</Store>" + inner + "</Fetch>" }
	all := "<ItemOperations>" + fetch("<airsync:CollectionId>"+p.FolderOf(8)+"</airsync:CollectionId><airsync:ServerId>"+event+"</airsync:ServerId>") + fetch("<search:LongId>"+event+"</search:LongId>") +
		fetch("<airsyncbase:FileReference>"+event+":0</airsyncbase:FileReference><Options><Range>0-2</Range></Options>") + "<EmptyFolderContents><airsync:CollectionId>" + p.FolderOf(10) + "x</airsync:CollectionId></EmptyFolderContents>"
	s.do(c, "ItemOperations", all+"</ItemOperations>")
	c.Multipart = true
	s.do(c, "ItemOperations", all+"</ItemOperations>")
	c.Multipart = false
	s.do(c, "ItemOperations", all+"<Move><ConversationId/></Move></ItemOperations>")
	s.do(c, "ItemOperations", "<ItemOperations/>")
	for _, id := range []string{event, "nothing"} {
		s.do(c, "MeetingResponse", "<MeetingResponse><Request><UserResponse>1</UserResponse><CollectionId>"+p.FolderOf(8)+"</CollectionId><RequestId>"+id+"</RequestId></Request></MeetingResponse>")
	}
}

func (s *shape) people(c *easclient.Client) {
	s.Helper()
	for _, q := range []string{"zoe", "ann", "nobody", ""} {
		s.do(c, "Search", "<Search><Store><Name>GAL</Name><Query>"+q+"</Query><Options><Range>0-9</Range><Picture/></Options></Store></Search>")
		s.do(c, "Find", "<Find><SearchId>1</SearchId><ExecuteSearch><GalSearchCriterion><Query>"+q+"</Query><Options><Range>0-9</Range><Picture/></Options></GalSearchCriterion></ExecuteSearch></Find>")
		for _, n := range []string{"2", "3"} {
			s.do(c, "ResolveRecipients", "<ResolveRecipients><To>"+q+"</To><Options><CertificateRetrieval>"+n+"</CertificateRetrieval><Availability><StartTime>2026-06-01T10:00:00.000Z</StartTime></Availability><Picture/></Options></ResolveRecipients>")
		}
	}
	s.do(c, "Search", "<Search><Store><Name>Mailbox</Name><Query>x</Query></Store></Search>")
	s.do(c, "ValidateCert", "<ValidateCert><Certificates><Certificate>"+s.certificate()+"</Certificate><Certificate>x</Certificate></Certificates></ValidateCert>")
	s.do(c, "ValidateCert", "<ValidateCert/>")
}

func (s *shape) settings(c *easclient.Client) {
	s.Helper()
	s.do(c, "Settings", "<Settings><Oof><Set><OofState>2</OofState><StartTime>2026-07-01T08:00:00.000Z</StartTime><EndTime>2026-07-05T08:00:00.000Z</EndTime>"+
		"<OofMessage><AppliesToInternal/><Enabled>1</Enabled><ReplyMessage>away</ReplyMessage><BodyType>Text</BodyType></OofMessage></Set></Oof>"+
		"<DeviceInformation><Set><Model>x</Model></Set></DeviceInformation><DevicePassword><Set><Password>1</Password></Set></DevicePassword></Settings>")
	got := s.do(c, "Settings", "<Settings><Oof><Get><BodyType>Text</BodyType></Get></Oof><UserInformation><Get/></UserInformation></Settings>")
	contains(s, got, "!AccountId", "!AccountName", "!SendDisabled") // MS-ASCMD_R5898, R5901, R5905
	s.do(c, "Settings", "<Settings><RightsManagementInformation><Get/></RightsManagementInformation></Settings>")
	s.do(c, "Settings", "<Settings/>")
}

func (s *shape) provision(c *easclient.Client) {
	s.Helper()
	ask := "<provision:Provision><settings:DeviceInformation><settings:Set><settings:Model>x</settings:Model></settings:Set></settings:DeviceInformation><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></provision:Provision>"
	s.do(c, "Provision", ask)
	s.do(c, "Provision", strings.Replace(ask, "WBXML", "XML", 1))
	s.do(c, "Provision", "<provision:Provision><Policies/></provision:Provision>")
	for _, account := range []bool{true, false} {
		if account && s.version != "16.1" {
			continue
		}
		_, err := s.devices.AskWipe(s.ctx(), "ann", c.DeviceID, account, "ann")
		s.must(err)
		s.do(c, "Provision", "<provision:Provision/>")
		if got := s.do(c, "Provision", "<provision:Provision><RemoteWipe><Status>2</Status></RemoteWipe></provision:Provision>"); !strings.HasPrefix(got, "Provision{Status=2 ") { // MS-ASPROV_R1021 to R1024
			s.Errorf("a wipe that failed: %s", got)
		}
		_, err = s.devices.CancelWipe(s.ctx(), "ann", c.DeviceID, "ann")
		s.must(err)
	}
}

// certificate is one that is in force, in base64.
func (s *shape) certificate() string {
	s.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	now := time.Now()
	c := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	s.must(err)
	return base64.StdEncoding.EncodeToString(der)
}
