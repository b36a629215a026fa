package eas

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// gzipMin is the size in bytes from which on compressing an answer is worth it.
const gzipMin = 1024

// send writes an answer. MS-ASHTTP 2.2.2
func (d *Door) send(w http.ResponseWriter, zip, multipart bool, resp *proto.Response) error {
	h := w.Header()
	for k, v := range resp.Header {
		h[k] = v
	}
	if resp.HTTP != 0 && resp.HTTP != http.StatusOK {
		h.Set("Content-Length", "0")
		w.WriteHeader(resp.HTTP)
		return nil
	}
	if resp.Body == nil {
		h.Set("Content-Length", "0") // the content type is left out: MS-ASHTTP_R212
		w.WriteHeader(http.StatusOK)
		return nil
	}
	body, err := wbxml.Marshal(resp.Body)
	if err != nil {
		return err
	}
	h.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	if multipart && len(resp.Parts) > 0 {
		h.Set("Content-Type", "application/vnd.ms-sync.multipart")
		body = join(append([][]byte{body}, resp.Parts...))
	}
	if len(body) >= gzipMin && zip {
		if body, err = squeeze(body); err != nil {
			return err
		}
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(body)
	return err
}

// squeezers are used again: each takes some hundred kilobytes, several times what it is mostly given.
var squeezers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func squeeze(body []byte) ([]byte, error) {
	z := squeezers.Get().(*gzip.Writer)
	defer squeezers.Put(z)
	buf := bytes.NewBuffer(make([]byte, 0, len(body)/2))
	z.Reset(buf)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	err := z.Close()
	return buf.Bytes(), err
}

func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}

// join makes a multipart body: the count of parts, offset and length of each, and the parts; all numbers are little-endian.
// MS-ASCMD 2.2.1.10.1 (MultiPartResponse)
func join(parts [][]byte) []byte {
	head := 4 + 8*len(parts)
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(parts)))
	at := head
	for _, p := range parts {
		out = binary.LittleEndian.AppendUint32(out, uint32(at))
		out = binary.LittleEndian.AppendUint32(out, uint32(len(p)))
		at += len(p)
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// roots are the elements in which a command's common status is told.
var roots = map[string]struct{ root, status wbxml.Tag }{
	"Sync":              {wbxml.AirSyncSync, wbxml.AirSyncStatus},
	"FolderSync":        {wbxml.FolderHierarchyFolderSync, wbxml.FolderHierarchyStatus},
	"FolderCreate":      {wbxml.FolderHierarchyFolderCreate, wbxml.FolderHierarchyStatus},
	"FolderDelete":      {wbxml.FolderHierarchyFolderDelete, wbxml.FolderHierarchyStatus},
	"FolderUpdate":      {wbxml.FolderHierarchyFolderUpdate, wbxml.FolderHierarchyStatus},
	"GetItemEstimate":   {wbxml.GetItemEstimateGetItemEstimate, wbxml.GetItemEstimateStatus},
	"ItemOperations":    {wbxml.ItemOperationsItemOperations, wbxml.ItemOperationsStatus},
	"Ping":              {wbxml.PingPing, wbxml.PingStatus},
	"Provision":         {wbxml.ProvisionProvision, wbxml.ProvisionStatus},
	"ResolveRecipients": {wbxml.ResolveRecipientsResolveRecipients, wbxml.ResolveRecipientsStatus},
	"Search":            {wbxml.SearchSearch, wbxml.SearchStatus},
	"Settings":          {wbxml.SettingsSettings, wbxml.SettingsStatus},
	"ValidateCert":      {wbxml.ValidateCertValidateCert, wbxml.ValidateCertStatus},
	"Find":              {wbxml.FindFind, wbxml.FindStatus},
}

// The common statuses that the door itself answers, MS-ASCMD 2.2.2.
const (
	statusInvalidContent   = 101
	statusInvalidWBXML     = 102
	statusServerError      = 110
	statusBlocked          = 129 // DeviceIsBlockedForThisUser
	statusVersion          = 132 // DeviceInformationRequired is 165; 132 is of the version
	statusRemoteWipe       = 140
	statusNotProvisioned   = 142
	statusPolicyRefresh    = 143
	statusInvalidPolicyKey = 144
)

// old are the HTTP codes that stand for common statuses before 14.0, MS-ASCMD 2.2.2.
var old = map[int]int{statusInvalidContent: 400, statusInvalidWBXML: 400, statusServerError: 500, statusBlocked: 403, statusRemoteWipe: 403,
	statusNotProvisioned: 449, statusPolicyRefresh: 449, statusInvalidPolicyKey: 449}

// refuse answers a command with a common status: in a document, or for old versions and commands without a place for it as an HTTP code.
func refuse(command string, v eas.Version, status int) *proto.Response {
	at, ok := roots[command]
	if v < eas.V140 || !ok {
		return &proto.Response{HTTP: old[status]}
	}
	return proto.Answer(wbxml.New(at.root, wbxml.Text(at.status, strconv.Itoa(status))))
}
