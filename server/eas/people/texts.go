package people

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/sms"
	"tandem/partner/mailbox"
	"tandem/server/eas/kql"
	"tandem/server/eas/proto"
)

// textMessages finds the text messages that are asked for, the latest first: only for those who name the class, since a phone that does not sync it cannot show
// them. They are found in the folders of mail that show them. MS-ASCMD_R920, R6092
func (s *Service) textMessages(ctx context.Context, r *proto.Request, q sought, deep bool) ([]hit, error) {
	named := slices.ContainsFunc(q.classes, func(c string) bool { return strings.EqualFold(c, "SMS") })
	if !named || r.Version < eas.V140 || q.none || q.conversation != nil || q.text == "" && !q.mail || s.Texts == nil {
		return nil, nil
	}
	all, err := s.Home.Collections(ctx, r.User.Name)
	if err != nil {
		return nil, err
	}
	var texts []int64
	folders := map[string]int64{} // by box
	for _, c := range all {
		if c.Kind == tandem.SMS && len(texts) == 0 { // as Sync shows it
			texts = append(texts, c.ID)
		}
		for role, box := range map[mailbox.Role]string{mailbox.Inbox: sms.Inbox, mailbox.Sent: sms.Sent, mailbox.Drafts: sms.Draft, mailbox.Outbox: sms.Outbox} {
			if c.Kind == tandem.Mail && mailbox.RoleOf(c) == role {
				folders[box] = c.ID
			}
		}
	}
	if len(texts) == 0 {
		return nil, nil
	}
	list, err := s.seek(ctx, r, texts, kql.Query{{Words: q.text}}, q.from, q.to)
	everywhere := len(q.folders) == 0 || deep && slices.Contains(q.folders, "0")
	var out []hit
	for _, l := range list {
		in := folders[sms.BoxOf(l.Attrs)]
		if in == 0 || !everywhere && !slices.Contains(q.folders, strconv.FormatInt(in, 10)) {
			continue
		}
		view := sms.View{}
		out = append(out, hit{HomeRecord: l.HomeRecord, class: view.Class(), collection: l.collection, within: in, view: view, sketch: l.envelope.Marshal()})
	}
	return out, err
}
