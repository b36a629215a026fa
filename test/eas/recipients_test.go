package eas_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tandem"
)

// write sends a message from a phone of ann.
func (p *postHouse) write(d *desk, id, to string) {
	p.Helper()
	if got := p.do(d.c, "SendMail", "<SendMail xmlns=\"ComposeMail\"><ClientId>"+id+"</ClientId><Mime>"+base64.StdEncoding.EncodeToString([]byte("To: "+to+"\r\nSubject: Hi\r\n\r\nx\r\n"))+"</Mime></SendMail>"); got != "" {
		p.Errorf("not sent: %s", got)
	}
}

// TestRecipients: whom a user writes to is a folder of type 19, from 14.0 on, that phones synchronize and delete from, and cannot add to; who is written to more often is
// higher. MS-ASCMD 2.2.3.30.6, MS-ASCNTC 3.2.4.4
func TestRecipients(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			h := newPostHouse(t)
			first := h.phone("ann", "phone1", version)
			if first.FolderOf(19) != "" {
				t.Error("a cache before any message was sent")
			}
			out := &desk{house: h.house, c: h.client("ann", "phone2", "16.1")}
			h.phone("ann", "phone2", "16.1")
			h.write(out, "1", "Bob B <bob@example.org>")
			h.write(out, "2", "ann@example.org, bob@example.org")
			h.must(first.FolderSync(context.Background()))
			if version == "12.1" {
				if first.FolderOf(19) != "" {
					t.Error("12.1 has the cache")
				}
				h.valid()
				return
			}
			if first.FolderOf(19) != "RI" {
				t.Fatalf("folders %+v", first.Folders)
			}
			d := h.desk(first, 19)
			got := d.sync(changes)
			contains(t, got, "Email1Address=bob@example.org FileAs=Bob B WeightedRank=", "Email1Address=ann@example.org FileAs=ann@example.org WeightedRank=", "!Alias", "!Body", "!UID")
			if bob, ann := rankOf(got, "bob@example.org"), rankOf(got, "ann@example.org"); bob <= ann {
				t.Errorf("bob, who got two messages, has %d, ann %d", bob, ann)
			}
			contains(t, h.do(d.c, "GetItemEstimate", estimate(d)), "Status=1", "Estimate=0")
			h.write(out, "3", "ann@example.org")
			contains(t, h.do(d.c, "GetItemEstimate", estimate(d)), "Estimate=1")
			contains(t, h.do(d.c, "GetItemEstimate", strings.Replace(estimate(d), "</Collection>", "<airsync:Options><airsync:MaxItems>5</airsync:MaxItems></airsync:Options></Collection>", 1)), "Status=1")
			got = d.sync(changes + "<Options><MaxItems>5</MaxItems></Options>")
			contains(t, got, "Change{ServerId=", "Email1Address=ann@example.org", "!bob@example.org")
			ann := serverID(got)

			// It is no folder like others.
			contains(t, d.sync(add("x", "<contacts:Email1Address>zoe@example.org</contacts:Email1Address>")), "Status=4", "!Responses") // MS-ASCMD_R756
			contains(t, d.sync(change(ann, "<contacts:FileAs>Ann</contacts:FileAs>")), "Status=4", "!Responses")
			contains(t, h.do(d.c, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:CollectionId>RI</airsync:CollectionId><airsync:ServerId>"+ann+"</airsync:ServerId></Fetch></ItemOperations>"), "Fetch{Status=6")
			contains(t, h.do(d.c, "ItemOperations", "<ItemOperations><EmptyFolderContents><airsync:CollectionId>RI</airsync:CollectionId></EmptyFolderContents></ItemOperations>"), "EmptyFolderContents{Status=6")
			for command, want := range map[string]string{ // MS-ASCMD_R100, R101, R141, R143, R81, R5769, R142
				"<FolderDelete><SyncKey>%s</SyncKey><ServerId>RI</ServerId></FolderDelete>":                                                                           "3",
				"<FolderUpdate><SyncKey>%s</SyncKey><ServerId>RI</ServerId><ParentId>0</ParentId><DisplayName>Mine</DisplayName></FolderUpdate>":                      "3",
				"<FolderUpdate><SyncKey>%s</SyncKey><ServerId>" + first.FolderOf(2) + "</ServerId><ParentId>RI</ParentId><DisplayName>x</DisplayName></FolderUpdate>": "3",
				"<FolderCreate><SyncKey>%s</SyncKey><ParentId>RI</ParentId><DisplayName>Below</DisplayName><Type>12</Type></FolderCreate>":                            "3",
				"<FolderCreate><SyncKey>%s</SyncKey><ParentId>0</ParentId><DisplayName>Another</DisplayName><Type>19</Type></FolderCreate>":                           "10",
			} {
				name, _, _ := strings.Cut(command[1:], ">")
				contains(t, h.do(d.c, name, fmt.Sprintf(command, first.FolderKey)), name+"{Status="+want)
			}
			contains(t, h.do(d.c, "MoveItems", "<MoveItems><Move><SrcMsgId>"+ann+"</SrcMsgId><SrcFldId>RI</SrcFldId><DstFldId>"+first.FolderOf(2)+"</DstFldId></Move></MoveItems>"), "!Status=3")

			// A recipient that is deleted is gone, on all phones.
			got = d.sync("<Commands><Delete><ServerId>" + ann + "</ServerId></Delete></Commands>")
			contains(t, got, "Status=1")
			if left := h.bodies(h.collection("ann", tandem.Recipient)); len(left) != 1 || !strings.Contains(left[0], "bob@example.org") {
				t.Errorf("%q are left", left)
			}
			h.valid()
		})
	}
}

func estimate(d *desk) string {
	return "<GetItemEstimate><Collections><Collection><airsync:SyncKey>" + d.key + "</airsync:SyncKey><CollectionId>" + d.folder + "</CollectionId></Collection></Collections></GetItemEstimate>"
}

// rankOf is the rank of a recipient in an answer, 0 if there is none.
func rankOf(answer, email string) int {
	m := regexp.MustCompile("Email1Address=" + regexp.QuoteMeta(email) + " FileAs=[^{}]* WeightedRank=([0-9]+)").FindStringSubmatch(answer)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // error: these are digits
	return n
}
