package eas

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"tandem"
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
	if resp.Content != nil {
		h.Set("Content-Type", resp.ContentType)
		return stream(w, nil, resp.Content)
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
		parts := append([]tandem.Body{tandem.Bytes(body)}, resp.Parts...)
		head, size := index(parts)
		if size > gatherMost {
			return stream(w, head, parts...)
		}
		if body, err = gather(head, parts); err != nil {
			return err
		}
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

// gatherMost is the size in bytes of the largest multipart answer that is put together before it is sent, and compressed; a larger one is sent as it is read.
const gatherMost = 4 << 20

// index is the beginning of a multipart body: the count of parts, offset and length of each; all numbers are little-endian. size is that of the whole.
// MS-ASCMD 2.2.1.10.1 (MultiPartResponse)
func index(parts []tandem.Body) (head []byte, size int64) {
	at := int64(4 + 8*len(parts))
	head = binary.LittleEndian.AppendUint32(nil, uint32(len(parts)))
	for _, p := range parts {
		head = binary.LittleEndian.AppendUint32(head, uint32(at))
		head = binary.LittleEndian.AppendUint32(head, uint32(p.Size()))
		at += p.Size()
	}
	return head, at
}

// gather puts a multipart body together.
func gather(head []byte, parts []tandem.Body) ([]byte, error) {
	out := bytes.NewBuffer(head)
	for _, p := range parts {
		if err := pour(out, p); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// stream sends bodies one after another as they are read, in bounded memory.
func stream(w http.ResponseWriter, head []byte, parts ...tandem.Body) error {
	size := int64(len(head))
	for _, p := range parts {
		size += p.Size()
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, p := range parts {
		if err := pour(w, p); err != nil {
			return err
		}
	}
	return nil
}

// pour writes a body, which must be as long as it says.
func pour(w io.Writer, b tandem.Body) error {
	in, err := b.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.CopyN(w, in, b.Size())
	return err
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
