package wbxml

// The tags of code page 4, Calendar. MS-ASWBXML 2.1.2.1.5
const (
	CalendarTimezone                  Tag = 0x0405
	CalendarAllDayEvent               Tag = 0x0406
	CalendarAttendees                 Tag = 0x0407
	CalendarAttendee                  Tag = 0x0408
	CalendarEmail                     Tag = 0x0409
	CalendarName                      Tag = 0x040a
	CalendarBody                      Tag = 0x040b
	CalendarBodyTruncated             Tag = 0x040c
	CalendarBusyStatus                Tag = 0x040d
	CalendarCategories                Tag = 0x040e
	CalendarCategory                  Tag = 0x040f
	CalendarCompressedRTF             Tag = 0x0410
	CalendarDtStamp                   Tag = 0x0411
	CalendarEndTime                   Tag = 0x0412
	CalendarException                 Tag = 0x0413
	CalendarExceptions                Tag = 0x0414
	CalendarDeleted                   Tag = 0x0415
	CalendarExceptionStartTime        Tag = 0x0416
	CalendarLocation                  Tag = 0x0417
	CalendarMeetingStatus             Tag = 0x0418
	CalendarOrganizerEmail            Tag = 0x0419
	CalendarOrganizerName             Tag = 0x041a
	CalendarRecurrence                Tag = 0x041b
	CalendarType                      Tag = 0x041c
	CalendarUntil                     Tag = 0x041d
	CalendarOccurrences               Tag = 0x041e
	CalendarInterval                  Tag = 0x041f
	CalendarDayOfWeek                 Tag = 0x0420
	CalendarDayOfMonth                Tag = 0x0421
	CalendarWeekOfMonth               Tag = 0x0422
	CalendarMonthOfYear               Tag = 0x0423
	CalendarReminder                  Tag = 0x0424
	CalendarSensitivity               Tag = 0x0425
	CalendarSubject                   Tag = 0x0426
	CalendarStartTime                 Tag = 0x0427
	CalendarUID                       Tag = 0x0428
	CalendarAttendeeStatus            Tag = 0x0429
	CalendarAttendeeType              Tag = 0x042a
	CalendarDisallowNewTimeProposal   Tag = 0x0433
	CalendarResponseRequested         Tag = 0x0434
	CalendarAppointmentReplyTime      Tag = 0x0435
	CalendarResponseType              Tag = 0x0436
	CalendarCalendarType              Tag = 0x0437
	CalendarIsLeapMonth               Tag = 0x0438
	CalendarFirstDayOfWeek            Tag = 0x0439
	CalendarOnlineMeetingConfLink     Tag = 0x043a
	CalendarOnlineMeetingExternalLink Tag = 0x043b
	CalendarClientUid                 Tag = 0x043c
)

// The tags of code page 8, MeetingResponse. MS-ASWBXML 2.1.2.1.9
const (
	MeetingResponseCalendarId        Tag = 0x0805
	MeetingResponseCollectionId      Tag = 0x0806
	MeetingResponseMeetingResponse   Tag = 0x0807
	MeetingResponseRequestId         Tag = 0x0808
	MeetingResponseRequest           Tag = 0x0809
	MeetingResponseResult            Tag = 0x080a
	MeetingResponseStatus            Tag = 0x080b
	MeetingResponseUserResponse      Tag = 0x080c
	MeetingResponseVersion           Tag = 0x080d
	MeetingResponseInstanceId        Tag = 0x080e
	MeetingResponseProposedStartTime Tag = 0x0810
	MeetingResponseProposedEndTime   Tag = 0x0811
	MeetingResponseSendResponse      Tag = 0x0812
)

// The tags of code page 9, Tasks. MS-ASWBXML 2.1.2.1.10
const (
	TasksBody           Tag = 0x0905
	TasksBodySize       Tag = 0x0906
	TasksBodyTruncated  Tag = 0x0907
	TasksCategories     Tag = 0x0908
	TasksCategory       Tag = 0x0909
	TasksComplete       Tag = 0x090a
	TasksDateCompleted  Tag = 0x090b
	TasksDueDate        Tag = 0x090c
	TasksUtcDueDate     Tag = 0x090d
	TasksImportance     Tag = 0x090e
	TasksRecurrence     Tag = 0x090f
	TasksType           Tag = 0x0910
	TasksStart          Tag = 0x0911
	TasksUntil          Tag = 0x0912
	TasksOccurrences    Tag = 0x0913
	TasksInterval       Tag = 0x0914
	TasksDayOfMonth     Tag = 0x0915
	TasksDayOfWeek      Tag = 0x0916
	TasksWeekOfMonth    Tag = 0x0917
	TasksMonthOfYear    Tag = 0x0918
	TasksRegenerate     Tag = 0x0919
	TasksDeadOccur      Tag = 0x091a
	TasksReminderSet    Tag = 0x091b
	TasksReminderTime   Tag = 0x091c
	TasksSensitivity    Tag = 0x091d
	TasksStartDate      Tag = 0x091e
	TasksUtcStartDate   Tag = 0x091f
	TasksSubject        Tag = 0x0920
	TasksRtf            Tag = 0x0921
	TasksOrdinalDate    Tag = 0x0922
	TasksSubOrdinalDate Tag = 0x0923
	TasksCalendarType   Tag = 0x0924
	TasksIsLeapMonth    Tag = 0x0925
	TasksFirstDayOfWeek Tag = 0x0926
)

var pageCalendar = page{name: "Calendar", tags: [tagsPerPage]entry{
	0x05: {name: "Timezone"},
	0x06: {name: "AllDayEvent"},
	0x07: {name: "Attendees"},
	0x08: {name: "Attendee"},
	0x09: {name: "Email"},
	0x0a: {name: "Name"},
	0x0b: {name: "Body", last: V25},
	0x0c: {name: "BodyTruncated", last: V25},
	0x0d: {name: "BusyStatus"},
	0x0e: {name: "Categories"},
	0x0f: {name: "Category"},
	0x10: {name: "CompressedRTF", last: V25},
	0x11: {name: "DtStamp"},
	0x12: {name: "EndTime"},
	0x13: {name: "Exception"},
	0x14: {name: "Exceptions"},
	0x15: {name: "Deleted"},
	0x16: {name: "ExceptionStartTime", last: V141},
	0x17: {name: "Location", last: V141},
	0x18: {name: "MeetingStatus"},
	0x19: {name: "OrganizerEmail"},
	0x1a: {name: "OrganizerName"},
	0x1b: {name: "Recurrence"},
	0x1c: {name: "Type"},
	0x1d: {name: "Until"},
	0x1e: {name: "Occurrences"},
	0x1f: {name: "Interval"},
	0x20: {name: "DayOfWeek"},
	0x21: {name: "DayOfMonth"},
	0x22: {name: "WeekOfMonth"},
	0x23: {name: "MonthOfYear"},
	0x24: {name: "Reminder"},
	0x25: {name: "Sensitivity"},
	0x26: {name: "Subject"},
	0x27: {name: "StartTime"},
	0x28: {name: "UID"},
	0x29: {name: "AttendeeStatus", first: V120},
	0x2a: {name: "AttendeeType", first: V120},
	0x33: {name: "DisallowNewTimeProposal", first: V140},
	0x34: {name: "ResponseRequested", first: V140},
	0x35: {name: "AppointmentReplyTime", first: V140},
	0x36: {name: "ResponseType", first: V140},
	0x37: {name: "CalendarType", first: V140},
	0x38: {name: "IsLeapMonth", first: V140},
	0x39: {name: "FirstDayOfWeek", first: V141},
	0x3a: {name: "OnlineMeetingConfLink", first: V141},
	0x3b: {name: "OnlineMeetingExternalLink", first: V141},
	0x3c: {name: "ClientUid", first: V160},
}}

var pageMeetingResponse = page{name: "MeetingResponse", tags: [tagsPerPage]entry{
	0x05: {name: "CalendarId"},
	0x06: {name: "CollectionId"},
	0x07: {name: "MeetingResponse"},
	0x08: {name: "RequestId"},
	0x09: {name: "Request"},
	0x0a: {name: "Result"},
	0x0b: {name: "Status"},
	0x0c: {name: "UserResponse"},
	0x0d: {name: "Version", last: V25},
	0x0e: {name: "InstanceId", first: V141},
	0x10: {name: "ProposedStartTime", first: V161},
	0x11: {name: "ProposedEndTime", first: V161},
	0x12: {name: "SendResponse", first: V160},
}}

var pageTasks = page{name: "Tasks", tags: [tagsPerPage]entry{
	0x05: {name: "Body", last: V25},
	0x06: {name: "BodySize", last: V25},
	0x07: {name: "BodyTruncated", last: V25},
	0x08: {name: "Categories"},
	0x09: {name: "Category"},
	0x0a: {name: "Complete"},
	0x0b: {name: "DateCompleted"},
	0x0c: {name: "DueDate"},
	0x0d: {name: "UtcDueDate"},
	0x0e: {name: "Importance"},
	0x0f: {name: "Recurrence"},
	0x10: {name: "Type"},
	0x11: {name: "Start"},
	0x12: {name: "Until"},
	0x13: {name: "Occurrences"},
	0x14: {name: "Interval"},
	0x15: {name: "DayOfMonth"},
	0x16: {name: "DayOfWeek"},
	0x17: {name: "WeekOfMonth"},
	0x18: {name: "MonthOfYear"},
	0x19: {name: "Regenerate"},
	0x1a: {name: "DeadOccur"},
	0x1b: {name: "ReminderSet"},
	0x1c: {name: "ReminderTime"},
	0x1d: {name: "Sensitivity"},
	0x1e: {name: "StartDate"},
	0x1f: {name: "UtcStartDate"},
	0x20: {name: "Subject"},
	0x21: {name: "Rtf", last: V25},
	0x22: {name: "OrdinalDate", first: V120},
	0x23: {name: "SubOrdinalDate", first: V120},
	0x24: {name: "CalendarType", first: V140},
	0x25: {name: "IsLeapMonth", first: V140},
	0x26: {name: "FirstDayOfWeek", first: V141},
}}
