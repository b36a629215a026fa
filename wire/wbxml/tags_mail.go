package wbxml

// The tags of code page 2, Email. MS-ASWBXML 2.1.2.1.3
const (
	EmailAttachment              Tag = 0x0205
	EmailAttachments             Tag = 0x0206
	EmailAttName                 Tag = 0x0207
	EmailAttSize                 Tag = 0x0208
	EmailAtt0Id                  Tag = 0x0209
	EmailAttMethod               Tag = 0x020a
	EmailAttRemoved              Tag = 0x020b
	EmailBody                    Tag = 0x020c
	EmailBodySize                Tag = 0x020d
	EmailBodyTruncated           Tag = 0x020e
	EmailDateReceived            Tag = 0x020f
	EmailDisplayName             Tag = 0x0210
	EmailDisplayTo               Tag = 0x0211
	EmailImportance              Tag = 0x0212
	EmailMessageClass            Tag = 0x0213
	EmailSubject                 Tag = 0x0214
	EmailRead                    Tag = 0x0215
	EmailTo                      Tag = 0x0216
	EmailCc                      Tag = 0x0217
	EmailFrom                    Tag = 0x0218
	EmailReplyTo                 Tag = 0x0219
	EmailAllDayEvent             Tag = 0x021a
	EmailCategories              Tag = 0x021b
	EmailCategory                Tag = 0x021c
	EmailDtStamp                 Tag = 0x021d
	EmailEndTime                 Tag = 0x021e
	EmailInstanceType            Tag = 0x021f
	EmailBusyStatus              Tag = 0x0220
	EmailLocation                Tag = 0x0221
	EmailMeetingRequest          Tag = 0x0222
	EmailOrganizer               Tag = 0x0223
	EmailRecurrenceId            Tag = 0x0224
	EmailReminder                Tag = 0x0225
	EmailResponseRequested       Tag = 0x0226
	EmailRecurrences             Tag = 0x0227
	EmailRecurrence              Tag = 0x0228
	EmailType                    Tag = 0x0229
	EmailUntil                   Tag = 0x022a
	EmailOccurrences             Tag = 0x022b
	EmailInterval                Tag = 0x022c
	EmailDayOfWeek               Tag = 0x022d
	EmailDayOfMonth              Tag = 0x022e
	EmailWeekOfMonth             Tag = 0x022f
	EmailMonthOfYear             Tag = 0x0230
	EmailStartTime               Tag = 0x0231
	EmailSensitivity             Tag = 0x0232
	EmailTimeZone                Tag = 0x0233
	EmailGlobalObjId             Tag = 0x0234
	EmailThreadTopic             Tag = 0x0235
	EmailMIMEData                Tag = 0x0236
	EmailMIMETruncated           Tag = 0x0237
	EmailMIMESize                Tag = 0x0238
	EmailInternetCPID            Tag = 0x0239
	EmailFlag                    Tag = 0x023a
	EmailStatus                  Tag = 0x023b
	EmailContentClass            Tag = 0x023c
	EmailFlagType                Tag = 0x023d
	EmailCompleteTime            Tag = 0x023e
	EmailDisallowNewTimeProposal Tag = 0x023f
)

// The tags of code page 22, Email2. MS-ASWBXML 2.1.2.1.23
const (
	Email2UmCallerID            Tag = 0x1605
	Email2UmUserNotes           Tag = 0x1606
	Email2UmAttDuration         Tag = 0x1607
	Email2UmAttOrder            Tag = 0x1608
	Email2ConversationId        Tag = 0x1609
	Email2ConversationIndex     Tag = 0x160a
	Email2LastVerbExecuted      Tag = 0x160b
	Email2LastVerbExecutionTime Tag = 0x160c
	Email2ReceivedAsBcc         Tag = 0x160d
	Email2Sender                Tag = 0x160e
	Email2CalendarType          Tag = 0x160f
	Email2IsLeapMonth           Tag = 0x1610
	Email2AccountId             Tag = 0x1611
	Email2FirstDayOfWeek        Tag = 0x1612
	Email2MeetingMessageType    Tag = 0x1613
	Email2IsDraft               Tag = 0x1615
	Email2Bcc                   Tag = 0x1616
	Email2Send                  Tag = 0x1617
)

// The tags of code page 21, ComposeMail. MS-ASWBXML 2.1.2.1.22
const (
	ComposeMailSendMail        Tag = 0x1505
	ComposeMailSmartForward    Tag = 0x1506
	ComposeMailSmartReply      Tag = 0x1507
	ComposeMailSaveInSentItems Tag = 0x1508
	ComposeMailReplaceMime     Tag = 0x1509
	ComposeMailSource          Tag = 0x150b
	ComposeMailFolderId        Tag = 0x150c
	ComposeMailItemId          Tag = 0x150d
	ComposeMailLongId          Tag = 0x150e
	ComposeMailInstanceId      Tag = 0x150f
	ComposeMailMime            Tag = 0x1510
	ComposeMailClientId        Tag = 0x1511
	ComposeMailStatus          Tag = 0x1512
	ComposeMailAccountId       Tag = 0x1513
	ComposeMailForwardees      Tag = 0x1515
	ComposeMailForwardee       Tag = 0x1516
	ComposeMailName            Tag = 0x1517
	ComposeMailEmail           Tag = 0x1518
)

// The tags of code page 23, Notes. MS-ASWBXML 2.1.2.1.24
const (
	NotesSubject          Tag = 0x1705
	NotesMessageClass     Tag = 0x1706
	NotesLastModifiedDate Tag = 0x1707
	NotesCategories       Tag = 0x1708
	NotesCategory         Tag = 0x1709
)

var pageEmail = page{name: "Email", tags: [tagsPerPage]entry{
	0x05: {name: "Attachment", last: V25},
	0x06: {name: "Attachments", last: V25},
	0x07: {name: "AttName", last: V25},
	0x08: {name: "AttSize", last: V25},
	0x09: {name: "Att0Id", last: V25},
	0x0a: {name: "AttMethod", last: V25},
	0x0b: {name: "AttRemoved", last: V25},
	0x0c: {name: "Body", last: V25},
	0x0d: {name: "BodySize", last: V25},
	0x0e: {name: "BodyTruncated", last: V25},
	0x0f: {name: "DateReceived"},
	0x10: {name: "DisplayName", last: V25},
	0x11: {name: "DisplayTo"},
	0x12: {name: "Importance"},
	0x13: {name: "MessageClass"},
	0x14: {name: "Subject"},
	0x15: {name: "Read"},
	0x16: {name: "To"},
	0x17: {name: "Cc"},
	0x18: {name: "From"},
	0x19: {name: "ReplyTo"},
	0x1a: {name: "AllDayEvent"},
	0x1b: {name: "Categories", first: V140},
	0x1c: {name: "Category", first: V140},
	0x1d: {name: "DtStamp"},
	0x1e: {name: "EndTime"},
	0x1f: {name: "InstanceType"},
	0x20: {name: "BusyStatus"},
	0x21: {name: "Location", last: V141},
	0x22: {name: "MeetingRequest"},
	0x23: {name: "Organizer"},
	0x24: {name: "RecurrenceId"},
	0x25: {name: "Reminder"},
	0x26: {name: "ResponseRequested"},
	0x27: {name: "Recurrences"},
	0x28: {name: "Recurrence"},
	0x29: {name: "Type"},
	0x2a: {name: "Until"},
	0x2b: {name: "Occurrences"},
	0x2c: {name: "Interval"},
	0x2d: {name: "DayOfWeek"},
	0x2e: {name: "DayOfMonth"},
	0x2f: {name: "WeekOfMonth"},
	0x30: {name: "MonthOfYear"},
	0x31: {name: "StartTime"},
	0x32: {name: "Sensitivity"},
	0x33: {name: "TimeZone"},
	0x34: {name: "GlobalObjId", last: V141},
	0x35: {name: "ThreadTopic"},
	0x36: {name: "MIMEData", last: V25},
	0x37: {name: "MIMETruncated", last: V25},
	0x38: {name: "MIMESize", last: V25},
	0x39: {name: "InternetCPID"},
	0x3a: {name: "Flag", first: V120},
	0x3b: {name: "Status", first: V120},
	0x3c: {name: "ContentClass", first: V120},
	0x3d: {name: "FlagType", first: V120},
	0x3e: {name: "CompleteTime", first: V120},
	0x3f: {name: "DisallowNewTimeProposal", first: V140},
}}

var pageEmail2 = page{name: "Email2", tags: [tagsPerPage]entry{
	0x05: {name: "UmCallerID", first: V140},
	0x06: {name: "UmUserNotes", first: V140},
	0x07: {name: "UmAttDuration", first: V140},
	0x08: {name: "UmAttOrder", first: V140},
	0x09: {name: "ConversationId", first: V140},
	0x0a: {name: "ConversationIndex", first: V140},
	0x0b: {name: "LastVerbExecuted", first: V140},
	0x0c: {name: "LastVerbExecutionTime", first: V140},
	0x0d: {name: "ReceivedAsBcc", first: V140},
	0x0e: {name: "Sender", first: V140},
	0x0f: {name: "CalendarType", first: V140},
	0x10: {name: "IsLeapMonth", first: V140},
	0x11: {name: "AccountId", first: V141},
	0x12: {name: "FirstDayOfWeek", first: V141},
	0x13: {name: "MeetingMessageType", first: V141},
	0x15: {name: "IsDraft", first: V160},
	0x16: {name: "Bcc", first: V160},
	0x17: {name: "Send", first: V160},
}}

var pageComposeMail = page{name: "ComposeMail", tags: [tagsPerPage]entry{
	0x05: {name: "SendMail", first: V140},
	0x06: {name: "SmartForward", first: V140},
	0x07: {name: "SmartReply", first: V140},
	0x08: {name: "SaveInSentItems", first: V140},
	0x09: {name: "ReplaceMime", first: V140},
	0x0b: {name: "Source", first: V140},
	0x0c: {name: "FolderId", first: V140},
	0x0d: {name: "ItemId", first: V140},
	0x0e: {name: "LongId", first: V140},
	0x0f: {name: "InstanceId", first: V140},
	0x10: {name: "Mime", first: V140},
	0x11: {name: "ClientId", first: V140},
	0x12: {name: "Status", first: V140},
	0x13: {name: "AccountId", first: V141},
	0x15: {name: "Forwardees", first: V160},
	0x16: {name: "Forwardee", first: V160},
	0x17: {name: "Name", first: V160},
	0x18: {name: "Email", first: V160},
}}

var pageNotes = page{name: "Notes", tags: [tagsPerPage]entry{
	0x05: {name: "Subject", first: V140},
	0x06: {name: "MessageClass", first: V140},
	0x07: {name: "LastModifiedDate", first: V140},
	0x08: {name: "Categories", first: V140},
	0x09: {name: "Category", first: V140},
}}
