package wbxml

// The tags of code page 0, AirSync. MS-ASWBXML 2.1.2.1.1
const (
	AirSyncSync              Tag = 0x0005
	AirSyncResponses         Tag = 0x0006
	AirSyncAdd               Tag = 0x0007
	AirSyncChange            Tag = 0x0008
	AirSyncDelete            Tag = 0x0009
	AirSyncFetch             Tag = 0x000a
	AirSyncSyncKey           Tag = 0x000b
	AirSyncClientId          Tag = 0x000c
	AirSyncServerId          Tag = 0x000d
	AirSyncStatus            Tag = 0x000e
	AirSyncCollection        Tag = 0x000f
	AirSyncClass             Tag = 0x0010
	AirSyncVersion           Tag = 0x0011
	AirSyncCollectionId      Tag = 0x0012
	AirSyncGetChanges        Tag = 0x0013
	AirSyncMoreAvailable     Tag = 0x0014
	AirSyncWindowSize        Tag = 0x0015
	AirSyncCommands          Tag = 0x0016
	AirSyncOptions           Tag = 0x0017
	AirSyncFilterType        Tag = 0x0018
	AirSyncTruncation        Tag = 0x0019
	AirSyncRTFTruncation     Tag = 0x001a
	AirSyncConflict          Tag = 0x001b
	AirSyncCollections       Tag = 0x001c
	AirSyncApplicationData   Tag = 0x001d
	AirSyncDeletesAsMoves    Tag = 0x001e
	AirSyncNotifyGUID        Tag = 0x001f
	AirSyncSupported         Tag = 0x0020
	AirSyncSoftDelete        Tag = 0x0021
	AirSyncMIMESupport       Tag = 0x0022
	AirSyncMIMETruncation    Tag = 0x0023
	AirSyncWait              Tag = 0x0024
	AirSyncLimit             Tag = 0x0025
	AirSyncPartial           Tag = 0x0026
	AirSyncConversationMode  Tag = 0x0027
	AirSyncMaxItems          Tag = 0x0028
	AirSyncHeartbeatInterval Tag = 0x0029
)

// The tags of code page 17, AirSyncBase. MS-ASWBXML 2.1.2.1.18
const (
	AirSyncBaseBodyPreference     Tag = 0x1105
	AirSyncBaseType               Tag = 0x1106
	AirSyncBaseTruncationSize     Tag = 0x1107
	AirSyncBaseAllOrNone          Tag = 0x1108
	AirSyncBaseBody               Tag = 0x110a
	AirSyncBaseData               Tag = 0x110b
	AirSyncBaseEstimatedDataSize  Tag = 0x110c
	AirSyncBaseTruncated          Tag = 0x110d
	AirSyncBaseAttachments        Tag = 0x110e
	AirSyncBaseAttachment         Tag = 0x110f
	AirSyncBaseDisplayName        Tag = 0x1110
	AirSyncBaseFileReference      Tag = 0x1111
	AirSyncBaseMethod             Tag = 0x1112
	AirSyncBaseContentId          Tag = 0x1113
	AirSyncBaseContentLocation    Tag = 0x1114
	AirSyncBaseIsInline           Tag = 0x1115
	AirSyncBaseNativeBodyType     Tag = 0x1116
	AirSyncBaseContentType        Tag = 0x1117
	AirSyncBasePreview            Tag = 0x1118
	AirSyncBaseBodyPartPreference Tag = 0x1119
	AirSyncBaseBodyPart           Tag = 0x111a
	AirSyncBaseStatus             Tag = 0x111b
	AirSyncBaseAdd                Tag = 0x111c
	AirSyncBaseDelete             Tag = 0x111d
	AirSyncBaseClientId           Tag = 0x111e
	AirSyncBaseContent            Tag = 0x111f
	AirSyncBaseLocation           Tag = 0x1120
	AirSyncBaseAnnotation         Tag = 0x1121
	AirSyncBaseStreet             Tag = 0x1122
	AirSyncBaseCity               Tag = 0x1123
	AirSyncBaseState              Tag = 0x1124
	AirSyncBaseCountry            Tag = 0x1125
	AirSyncBasePostalCode         Tag = 0x1126
	AirSyncBaseLatitude           Tag = 0x1127
	AirSyncBaseLongitude          Tag = 0x1128
	AirSyncBaseAccuracy           Tag = 0x1129
	AirSyncBaseAltitude           Tag = 0x112a
	AirSyncBaseAltitudeAccuracy   Tag = 0x112b
	AirSyncBaseLocationUri        Tag = 0x112c
	AirSyncBaseInstanceId         Tag = 0x112d
)

// The tags of code page 5, Move. MS-ASWBXML 2.1.2.1.6
const (
	MoveMoveItems Tag = 0x0505
	MoveMove      Tag = 0x0506
	MoveSrcMsgId  Tag = 0x0507
	MoveSrcFldId  Tag = 0x0508
	MoveDstFldId  Tag = 0x0509
	MoveResponse  Tag = 0x050a
	MoveStatus    Tag = 0x050b
	MoveDstMsgId  Tag = 0x050c
)

// The tags of code page 6, GetItemEstimate. MS-ASWBXML 2.1.2.1.7
const (
	GetItemEstimateGetItemEstimate Tag = 0x0605
	GetItemEstimateVersion         Tag = 0x0606
	GetItemEstimateCollections     Tag = 0x0607
	GetItemEstimateCollection      Tag = 0x0608
	GetItemEstimateClass           Tag = 0x0609
	GetItemEstimateCollectionId    Tag = 0x060a
	GetItemEstimateDateTime        Tag = 0x060b
	GetItemEstimateEstimate        Tag = 0x060c
	GetItemEstimateResponse        Tag = 0x060d
	GetItemEstimateStatus          Tag = 0x060e
)

// The tags of code page 7, FolderHierarchy. MS-ASWBXML 2.1.2.1.8
const (
	FolderHierarchyFolders      Tag = 0x0705
	FolderHierarchyFolder       Tag = 0x0706
	FolderHierarchyDisplayName  Tag = 0x0707
	FolderHierarchyServerId     Tag = 0x0708
	FolderHierarchyParentId     Tag = 0x0709
	FolderHierarchyType         Tag = 0x070a
	FolderHierarchyResponse     Tag = 0x070b
	FolderHierarchyStatus       Tag = 0x070c
	FolderHierarchyContentClass Tag = 0x070d
	FolderHierarchyChanges      Tag = 0x070e
	FolderHierarchyAdd          Tag = 0x070f
	FolderHierarchyDelete       Tag = 0x0710
	FolderHierarchyUpdate       Tag = 0x0711
	FolderHierarchySyncKey      Tag = 0x0712
	FolderHierarchyFolderCreate Tag = 0x0713
	FolderHierarchyFolderDelete Tag = 0x0714
	FolderHierarchyFolderUpdate Tag = 0x0715
	FolderHierarchyFolderSync   Tag = 0x0716
	FolderHierarchyCount        Tag = 0x0717
)

// The tags of code page 13, Ping. MS-ASWBXML 2.1.2.1.14
const (
	PingPing              Tag = 0x0d05
	PingAutdState         Tag = 0x0d06
	PingStatus            Tag = 0x0d07
	PingHeartbeatInterval Tag = 0x0d08
	PingFolders           Tag = 0x0d09
	PingFolder            Tag = 0x0d0a
	PingId                Tag = 0x0d0b
	PingClass             Tag = 0x0d0c
	PingMaxFolders        Tag = 0x0d0d
)

var pageAirSync = page{name: "AirSync", tags: [tagsPerPage]entry{
	0x05: {name: "Sync"},
	0x06: {name: "Responses"},
	0x07: {name: "Add"},
	0x08: {name: "Change"},
	0x09: {name: "Delete"},
	0x0a: {name: "Fetch"},
	0x0b: {name: "SyncKey"},
	0x0c: {name: "ClientId"},
	0x0d: {name: "ServerId"},
	0x0e: {name: "Status"},
	0x0f: {name: "Collection"},
	0x10: {name: "Class"},
	0x11: {name: "Version", last: V25},
	0x12: {name: "CollectionId"},
	0x13: {name: "GetChanges"},
	0x14: {name: "MoreAvailable"},
	0x15: {name: "WindowSize"},
	0x16: {name: "Commands"},
	0x17: {name: "Options"},
	0x18: {name: "FilterType"},
	0x19: {name: "Truncation", last: V25},
	0x1a: {name: "RTFTruncation", last: V25},
	0x1b: {name: "Conflict"},
	0x1c: {name: "Collections"},
	0x1d: {name: "ApplicationData"},
	0x1e: {name: "DeletesAsMoves"},
	0x1f: {name: "NotifyGUID", last: V25},
	0x20: {name: "Supported"},
	0x21: {name: "SoftDelete"},
	0x22: {name: "MIMESupport"},
	0x23: {name: "MIMETruncation"},
	0x24: {name: "Wait", first: V121},
	0x25: {name: "Limit", first: V121},
	0x26: {name: "Partial", first: V121},
	0x27: {name: "ConversationMode", first: V140},
	0x28: {name: "MaxItems", first: V140},
	0x29: {name: "HeartbeatInterval", first: V140},
}}

var pageAirSyncBase = page{name: "AirSyncBase", tags: [tagsPerPage]entry{
	0x05: {name: "BodyPreference", first: V120},
	0x06: {name: "Type", first: V120},
	0x07: {name: "TruncationSize", first: V120},
	0x08: {name: "AllOrNone", first: V120},
	0x0a: {name: "Body", first: V120},
	0x0b: {name: "Data", first: V120},
	0x0c: {name: "EstimatedDataSize", first: V120},
	0x0d: {name: "Truncated", first: V120},
	0x0e: {name: "Attachments", first: V120},
	0x0f: {name: "Attachment", first: V120},
	0x10: {name: "DisplayName", first: V120},
	0x11: {name: "FileReference", first: V120},
	0x12: {name: "Method", first: V120},
	0x13: {name: "ContentId", first: V120},
	0x14: {name: "ContentLocation", first: V120},
	0x15: {name: "IsInline", first: V120},
	0x16: {name: "NativeBodyType", first: V120},
	0x17: {name: "ContentType", first: V120},
	0x18: {name: "Preview", first: V140},
	0x19: {name: "BodyPartPreference", first: V141},
	0x1a: {name: "BodyPart", first: V141},
	0x1b: {name: "Status", first: V141},
	0x1c: {name: "Add", first: V160},
	0x1d: {name: "Delete", first: V160},
	0x1e: {name: "ClientId", first: V160},
	0x1f: {name: "Content", first: V160},
	0x20: {name: "Location", first: V160},
	0x21: {name: "Annotation", first: V160},
	0x22: {name: "Street", first: V160},
	0x23: {name: "City", first: V160},
	0x24: {name: "State", first: V160},
	0x25: {name: "Country", first: V160},
	0x26: {name: "PostalCode", first: V160},
	0x27: {name: "Latitude", first: V160},
	0x28: {name: "Longitude", first: V160},
	0x29: {name: "Accuracy", first: V160},
	0x2a: {name: "Altitude", first: V160},
	0x2b: {name: "AltitudeAccuracy", first: V160},
	0x2c: {name: "LocationUri", first: V160},
	0x2d: {name: "InstanceId", first: V160},
}}

var pageMove = page{name: "Move", tags: [tagsPerPage]entry{
	0x05: {name: "MoveItems"},
	0x06: {name: "Move"},
	0x07: {name: "SrcMsgId"},
	0x08: {name: "SrcFldId"},
	0x09: {name: "DstFldId"},
	0x0a: {name: "Response"},
	0x0b: {name: "Status"},
	0x0c: {name: "DstMsgId"},
}}

var pageGetItemEstimate = page{name: "GetItemEstimate", tags: [tagsPerPage]entry{
	0x05: {name: "GetItemEstimate"},
	0x06: {name: "Version", last: V25},
	0x07: {name: "Collections"},
	0x08: {name: "Collection"},
	0x09: {name: "Class", last: V121},
	0x0a: {name: "CollectionId"},
	0x0b: {name: "DateTime", last: V25},
	0x0c: {name: "Estimate"},
	0x0d: {name: "Response"},
	0x0e: {name: "Status"},
}}

var pageFolderHierarchy = page{name: "FolderHierarchy", tags: [tagsPerPage]entry{
	0x05: {name: "Folders", last: V121},
	0x06: {name: "Folder", last: V121},
	0x07: {name: "DisplayName"},
	0x08: {name: "ServerId"},
	0x09: {name: "ParentId"},
	0x0a: {name: "Type"},
	0x0b: {name: "Response", last: V25},
	0x0c: {name: "Status"},
	0x0d: {name: "ContentClass", last: V25},
	0x0e: {name: "Changes"},
	0x0f: {name: "Add"},
	0x10: {name: "Delete"},
	0x11: {name: "Update"},
	0x12: {name: "SyncKey"},
	0x13: {name: "FolderCreate"},
	0x14: {name: "FolderDelete"},
	0x15: {name: "FolderUpdate"},
	0x16: {name: "FolderSync"},
	0x17: {name: "Count"},
}}

var pagePing = page{name: "Ping", tags: [tagsPerPage]entry{
	0x05: {name: "Ping"},
	0x06: {name: "AutdState", last: V25},
	0x07: {name: "Status"},
	0x08: {name: "HeartbeatInterval"},
	0x09: {name: "Folders"},
	0x0a: {name: "Folder"},
	0x0b: {name: "Id"},
	0x0c: {name: "Class"},
	0x0d: {name: "MaxFolders"},
}}
