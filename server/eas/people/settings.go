package people

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/partner/away"
	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// The statuses of Settings and its properties, MS-ASCMD 2.2.3.177.15.
const (
	settingsOK       = "1"
	settingsSyntax   = "2"
	settingsInvalid  = "5"
	settingsConflict = "6"
	settingsDenied   = "7"
	noRights         = "168" // MS-ASCMD 2.2.2: IRM_FeatureDisabled
)

func setting(tag wbxml.Tag, v string) *wbxml.Element { return wbxml.Text(tag, v) }

// soundSettings reports whether a request consists of properties that its version has, each once.
func soundSettings(r *proto.Request) bool {
	if r.Body == nil || r.Body.Tag != wbxml.SettingsSettings || len(r.Body.Children) == 0 {
		return false
	}
	seen := map[wbxml.Tag]bool{}
	for _, e := range r.Body.Children {
		switch e.Tag {
		case wbxml.SettingsOof, wbxml.SettingsDeviceInformation, wbxml.SettingsDevicePassword, wbxml.SettingsUserInformation:
		case wbxml.SettingsRightsManagementInformation:
			if r.Version < eas.V141 { // MS-ASCMD_R7278, R7280
				return false
			}
		default:
			return false
		}
		if seen[e.Tag] {
			return false
		}
		seen[e.Tag] = true
	}
	return true
}

// Settings implements proto.Command. Nothing is done of a request that makes no sense (MS-ASCMD_R483); otherwise each property is, in order, and has
// its own status. MS-ASCMD 2.2.1.18
func (s *Service) Settings(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	doc := wbxml.Empty(wbxml.SettingsSettings)
	if !soundSettings(r) {
		return proto.Answer(doc.Add(setting(wbxml.SettingsStatus, settingsSyntax))), nil
	}
	doc.Add(setting(wbxml.SettingsStatus, settingsOK))
	for _, e := range r.Body.Children {
		out, err := s.property(ctx, r, e)
		if err != nil {
			return nil, err
		}
		doc.Add(out)
	}
	return proto.Answer(doc), nil
}

// property answers for one property.
func (s *Service) property(ctx context.Context, r *proto.Request, e *wbxml.Element) (*wbxml.Element, error) {
	switch e.Tag {
	case wbxml.SettingsOof:
		return s.oof(ctx, r, e)
	case wbxml.SettingsDeviceInformation:
		return s.deviceInformation(ctx, r, e)
	case wbxml.SettingsDevicePassword:
		return s.devicePassword(ctx, r, e)
	case wbxml.SettingsUserInformation:
		return userInformation(r, e), nil
	}
	// MS-ASRM_R196: protected mail is not served.
	return wbxml.New(e.Tag, setting(wbxml.SettingsStatus, noRights),
		wbxml.New(wbxml.SettingsGet, wbxml.Empty(wbxml.RightsManagementRightsManagementTemplates))), nil
}

// deviceInformation keeps what a device tells about itself. MS-ASCMD 2.2.3.45
func (s *Service) deviceInformation(ctx context.Context, r *proto.Request, e *wbxml.Element) (*wbxml.Element, error) {
	info, ok := proto.DeviceInfo(e)
	if !ok {
		return wbxml.New(e.Tag, setting(wbxml.SettingsStatus, settingsSyntax)), nil
	}
	if r.Device.Number != 0 {
		if _, err := s.Info(ctx, r.User.Name, r.Device.ID, info); err != nil {
			return nil, err
		}
	}
	return wbxml.New(e.Tag, setting(wbxml.SettingsStatus, settingsOK)), nil
}

// maxPassword is the length of the longest recovery password in bytes. MS-ASCMD_R4400
const maxPassword = 255

// devicePassword keeps, or forgets, the password by which a device can be unlocked when its owner forgot theirs; only where the policy lets it.
// MS-ASCMD 2.2.3.46
func (s *Service) devicePassword(ctx context.Context, r *proto.Request, e *wbxml.Element) (*wbxml.Element, error) {
	answer := func(v string) (*wbxml.Element, error) {
		return wbxml.New(e.Tag, setting(wbxml.SettingsStatus, v)), nil
	}
	set := e.Child(wbxml.SettingsSet)
	if set == nil || !set.Has(wbxml.SettingsPassword) {
		return answer(settingsSyntax)
	}
	password := set.Get(wbxml.SettingsPassword)
	if len(password) > maxPassword {
		return answer(settingsInvalid)
	}
	allowed, err := s.Recovery(ctx, r.Device)
	if err != nil {
		return nil, err
	}
	if !allowed || r.Device.Number == 0 {
		return answer(settingsDenied)
	}
	switch err := s.KeepPassword(ctx, r.Device, password); {
	case tandem.IsKind(err, tandem.Denied):
		return answer(settingsDenied)
	case err != nil:
		return nil, err
	}
	return answer(settingsOK)
}

// userInformation tells the user's addresses; without them an account cannot send (field note 38). MS-ASCMD 2.2.3.193
func userInformation(r *proto.Request, e *wbxml.Element) *wbxml.Element {
	if !e.Has(wbxml.SettingsGet) {
		return wbxml.New(e.Tag, setting(wbxml.SettingsStatus, settingsSyntax))
	}
	list := wbxml.New(wbxml.SettingsEmailAddresses, setting(wbxml.SettingsSMTPAddress, address(r.User)))
	get := wbxml.New(wbxml.SettingsGet, list)
	if r.Version >= eas.V141 { // MS-ASCMD 2.2.3.2
		list.Add(setting(wbxml.SettingsPrimarySmtpAddress, address(r.User)))
		get = wbxml.New(wbxml.SettingsGet, wbxml.New(wbxml.SettingsAccounts,
			wbxml.New(wbxml.SettingsAccount, setting(wbxml.SettingsUserDisplayName, title(r.User)), list)))
	}
	return wbxml.New(e.Tag, setting(wbxml.SettingsStatus, settingsOK), get)
}

// audiences are those who are answered, in the order in which they are told. MS-ASCMD 2.2.3.122
var audiences = []struct {
	tag  wbxml.Tag
	name string
}{
	{wbxml.SettingsAppliesToInternal, away.Internal}, {wbxml.SettingsAppliesToExternalKnown, away.Known}, {wbxml.SettingsAppliesToExternalUnknown, away.Unknown},
}

// oof reads or sets the answer while away. MS-ASCMD 2.2.3.121
func (s *Service) oof(ctx context.Context, r *proto.Request, e *wbxml.Element) (*wbxml.Element, error) {
	status := func(v string) *wbxml.Element { return wbxml.New(e.Tag, setting(wbxml.SettingsStatus, v)) }
	get, set := e.Child(wbxml.SettingsGet), e.Child(wbxml.SettingsSet)
	switch {
	case get != nil && set == nil:
		u, err := s.Accounts.User(ctx, r.User.Name)
		if err != nil {
			return nil, err
		}
		html := strings.EqualFold(get.Get(wbxml.SettingsBodyType), "HTML")
		return status(settingsOK).Add(oof{away.Of(u)}.show(html)), nil
	case set != nil && get == nil:
		u, err := s.Accounts.User(ctx, r.User.Name)
		if err != nil {
			return nil, err
		}
		o := oof{away.Of(u)}
		if st := o.take(set); st != settingsOK {
			return status(st), nil
		}
		if err := away.Save(ctx, s.Accounts, r.User.Name, o.Settings, r.Options.Now); err != nil {
			return nil, err
		}
		if s.Away != nil {
			s.Away()
		}
		return status(settingsOK), nil
	}
	return status(settingsSyntax), nil
}

// oof is the answer while away as the protocol has it.
type oof struct{ away.Settings }

const oofTime = "2006-01-02T15:04:05.000Z" // MS-ASDTYPE 2.3

// take puts what a client sets over what there was.
func (o *oof) take(set *wbxml.Element) (status string) {
	state, err := strconv.Atoi(set.Get(wbxml.SettingsOofState))
	if set.Has(wbxml.SettingsOofState) {
		if err != nil || state < 0 || state > 2 {
			return settingsSyntax
		}
		o.State = state
	}
	if set.Has(wbxml.SettingsStartTime) != set.Has(wbxml.SettingsEndTime) { // MS-ASCMD_R2272
		return settingsSyntax
	}
	switch {
	case o.State != away.Between: // MS-ASCMD_R7544
		o.Start, o.End = 0, 0
	case set.Has(wbxml.SettingsStartTime):
		start, err1 := time.Parse(time.RFC3339, set.Get(wbxml.SettingsStartTime))
		end, err2 := time.Parse(time.RFC3339, set.Get(wbxml.SettingsEndTime))
		if err1 != nil || err2 != nil {
			return settingsSyntax
		}
		if !end.After(start) {
			return settingsConflict
		}
		o.Start, o.End = start.Unix(), end.Unix()
	case o.Start == 0:
		return settingsSyntax
	}
	for m := range set.All(wbxml.SettingsOofMessage) {
		msg := away.Reply{Enabled: m.Get(wbxml.SettingsEnabled) == "1", Text: m.Get(wbxml.SettingsReplyMessage), Type: "Text"}
		if strings.EqualFold(m.Get(wbxml.SettingsBodyType), "HTML") {
			msg.Type = "HTML"
		}
		if len(msg.Text) > away.MaxReply {
			return settingsInvalid
		}
		for _, a := range audiences {
			if m.Has(a.tag) {
				o.Messages[a.name] = msg
			}
		}
	}
	return settingsOK
}

// show is the Get element of an answer. MS-ASCMD_R826
func (o oof) show(html bool) *wbxml.Element {
	get := wbxml.New(wbxml.SettingsGet, setting(wbxml.SettingsOofState, strconv.Itoa(o.State)))
	if o.State == away.Between {
		get.Add(setting(wbxml.SettingsStartTime, time.Unix(o.Start, 0).UTC().Format(oofTime)), setting(wbxml.SettingsEndTime, time.Unix(o.End, 0).UTC().Format(oofTime)))
	}
	for _, a := range audiences {
		m := message{o.Messages[a.name]}
		e := wbxml.New(wbxml.SettingsOofMessage, wbxml.Empty(a.tag), setting(wbxml.SettingsEnabled, map[bool]string{false: "0", true: "1"}[m.Enabled]))
		if m.Text != "" {
			text, typ := m.convert(html)
			e.Add(setting(wbxml.SettingsReplyMessage, text), setting(wbxml.SettingsBodyType, typ))
		}
		get.Add(e)
	}
	return get
}

// message is the answer to one audience.
type message struct{ away.Reply }

// convert is the text in the format that a client asks for.
func (m message) convert(html bool) (text, typ string) {
	switch {
	case html && m.Type != "HTML":
		return body.ToHTML(m.Text), "HTML"
	case !html && m.Type == "HTML":
		return body.ToPlain(m.Text), "Text"
	case html:
		return m.Text, "HTML"
	}
	return m.Text, "Text"
}
