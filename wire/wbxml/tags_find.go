package wbxml

// The tags of code page 10, ResolveRecipients. MS-ASWBXML 2.1.2.1.11
const (
	ResolveRecipientsResolveRecipients      Tag = 0x0a05
	ResolveRecipientsResponse               Tag = 0x0a06
	ResolveRecipientsStatus                 Tag = 0x0a07
	ResolveRecipientsType                   Tag = 0x0a08
	ResolveRecipientsRecipient              Tag = 0x0a09
	ResolveRecipientsDisplayName            Tag = 0x0a0a
	ResolveRecipientsEmailAddress           Tag = 0x0a0b
	ResolveRecipientsCertificates           Tag = 0x0a0c
	ResolveRecipientsCertificate            Tag = 0x0a0d
	ResolveRecipientsMiniCertificate        Tag = 0x0a0e
	ResolveRecipientsOptions                Tag = 0x0a0f
	ResolveRecipientsTo                     Tag = 0x0a10
	ResolveRecipientsCertificateRetrieval   Tag = 0x0a11
	ResolveRecipientsRecipientCount         Tag = 0x0a12
	ResolveRecipientsMaxCertificates        Tag = 0x0a13
	ResolveRecipientsMaxAmbiguousRecipients Tag = 0x0a14
	ResolveRecipientsCertificateCount       Tag = 0x0a15
	ResolveRecipientsAvailability           Tag = 0x0a16
	ResolveRecipientsStartTime              Tag = 0x0a17
	ResolveRecipientsEndTime                Tag = 0x0a18
	ResolveRecipientsMergedFreeBusy         Tag = 0x0a19
	ResolveRecipientsPicture                Tag = 0x0a1a
	ResolveRecipientsMaxSize                Tag = 0x0a1b
	ResolveRecipientsData                   Tag = 0x0a1c
	ResolveRecipientsMaxPictures            Tag = 0x0a1d
)

// The tags of code page 11, ValidateCert. MS-ASWBXML 2.1.2.1.12
const (
	ValidateCertValidateCert     Tag = 0x0b05
	ValidateCertCertificates     Tag = 0x0b06
	ValidateCertCertificate      Tag = 0x0b07
	ValidateCertCertificateChain Tag = 0x0b08
	ValidateCertCheckCRL         Tag = 0x0b09
	ValidateCertStatus           Tag = 0x0b0a
)

// The tags of code page 15, Search. MS-ASWBXML 2.1.2.1.16
const (
	SearchSearch         Tag = 0x0f05
	SearchStore          Tag = 0x0f07
	SearchName           Tag = 0x0f08
	SearchQuery          Tag = 0x0f09
	SearchOptions        Tag = 0x0f0a
	SearchRange          Tag = 0x0f0b
	SearchStatus         Tag = 0x0f0c
	SearchResponse       Tag = 0x0f0d
	SearchResult         Tag = 0x0f0e
	SearchProperties     Tag = 0x0f0f
	SearchTotal          Tag = 0x0f10
	SearchEqualTo        Tag = 0x0f11
	SearchValue          Tag = 0x0f12
	SearchAnd            Tag = 0x0f13
	SearchOr             Tag = 0x0f14
	SearchFreeText       Tag = 0x0f15
	SearchDeepTraversal  Tag = 0x0f17
	SearchLongId         Tag = 0x0f18
	SearchRebuildResults Tag = 0x0f19
	SearchLessThan       Tag = 0x0f1a
	SearchGreaterThan    Tag = 0x0f1b
	SearchUserName       Tag = 0x0f1e
	SearchPassword       Tag = 0x0f1f
	SearchConversationId Tag = 0x0f20
	SearchPicture        Tag = 0x0f21
	SearchMaxSize        Tag = 0x0f22
	SearchMaxPictures    Tag = 0x0f23
)

// The tags of code page 19, DocumentLibrary. MS-ASWBXML 2.1.2.1.20
const (
	DocumentLibraryLinkId           Tag = 0x1305
	DocumentLibraryDisplayName      Tag = 0x1306
	DocumentLibraryIsFolder         Tag = 0x1307
	DocumentLibraryCreationDate     Tag = 0x1308
	DocumentLibraryLastModifiedDate Tag = 0x1309
	DocumentLibraryIsHidden         Tag = 0x130a
	DocumentLibraryContentLength    Tag = 0x130b
	DocumentLibraryContentType      Tag = 0x130c
)

// The tags of code page 20, ItemOperations. MS-ASWBXML 2.1.2.1.21
const (
	ItemOperationsItemOperations      Tag = 0x1405
	ItemOperationsFetch               Tag = 0x1406
	ItemOperationsStore               Tag = 0x1407
	ItemOperationsOptions             Tag = 0x1408
	ItemOperationsRange               Tag = 0x1409
	ItemOperationsTotal               Tag = 0x140a
	ItemOperationsProperties          Tag = 0x140b
	ItemOperationsData                Tag = 0x140c
	ItemOperationsStatus              Tag = 0x140d
	ItemOperationsResponse            Tag = 0x140e
	ItemOperationsVersion             Tag = 0x140f
	ItemOperationsSchema              Tag = 0x1410
	ItemOperationsPart                Tag = 0x1411
	ItemOperationsEmptyFolderContents Tag = 0x1412
	ItemOperationsDeleteSubFolders    Tag = 0x1413
	ItemOperationsUserName            Tag = 0x1414
	ItemOperationsPassword            Tag = 0x1415
	ItemOperationsMove                Tag = 0x1416
	ItemOperationsDstFldId            Tag = 0x1417
	ItemOperationsConversationId      Tag = 0x1418
	ItemOperationsMoveAlways          Tag = 0x1419
)

// The tags of code page 24, RightsManagement. MS-ASWBXML 2.1.2.1.25
const (
	RightsManagementRightsManagementSupport          Tag = 0x1805
	RightsManagementRightsManagementTemplates        Tag = 0x1806
	RightsManagementRightsManagementTemplate         Tag = 0x1807
	RightsManagementRightsManagementLicense          Tag = 0x1808
	RightsManagementEditAllowed                      Tag = 0x1809
	RightsManagementReplyAllowed                     Tag = 0x180a
	RightsManagementReplyAllAllowed                  Tag = 0x180b
	RightsManagementForwardAllowed                   Tag = 0x180c
	RightsManagementModifyRecipientsAllowed          Tag = 0x180d
	RightsManagementExtractAllowed                   Tag = 0x180e
	RightsManagementPrintAllowed                     Tag = 0x180f
	RightsManagementExportAllowed                    Tag = 0x1810
	RightsManagementProgrammaticAccessAllowed        Tag = 0x1811
	RightsManagementOwner                            Tag = 0x1812
	RightsManagementContentExpiryDate                Tag = 0x1813
	RightsManagementTemplateID                       Tag = 0x1814
	RightsManagementTemplateName                     Tag = 0x1815
	RightsManagementTemplateDescription              Tag = 0x1816
	RightsManagementContentOwner                     Tag = 0x1817
	RightsManagementRemoveRightsManagementProtection Tag = 0x1818
)

// The tags of code page 25, Find. MS-ASWBXML 2.1.2.1.26
const (
	FindFind                   Tag = 0x1905
	FindSearchId               Tag = 0x1906
	FindExecuteSearch          Tag = 0x1907
	FindMailBoxSearchCriterion Tag = 0x1908
	FindQuery                  Tag = 0x1909
	FindStatus                 Tag = 0x190a
	FindFreeText               Tag = 0x190b
	FindOptions                Tag = 0x190c
	FindRange                  Tag = 0x190d
	FindDeepTraversal          Tag = 0x190e
	FindResponse               Tag = 0x1911
	FindResult                 Tag = 0x1912
	FindProperties             Tag = 0x1913
	FindPreview                Tag = 0x1914
	FindHasAttachments         Tag = 0x1915
	FindTotal                  Tag = 0x1916
	FindDisplayCc              Tag = 0x1917
	FindDisplayBcc             Tag = 0x1918
	FindGalSearchCriterion     Tag = 0x1919
	FindMaxPictures            Tag = 0x1920
	FindMaxSize                Tag = 0x1921
	FindPicture                Tag = 0x1922
)

var pageResolveRecipients = page{name: "ResolveRecipients", tags: [tagsPerPage]entry{
	0x05: {name: "ResolveRecipients"},
	0x06: {name: "Response"},
	0x07: {name: "Status"},
	0x08: {name: "Type"},
	0x09: {name: "Recipient"},
	0x0a: {name: "DisplayName"},
	0x0b: {name: "EmailAddress"},
	0x0c: {name: "Certificates"},
	0x0d: {name: "Certificate"},
	0x0e: {name: "MiniCertificate"},
	0x0f: {name: "Options"},
	0x10: {name: "To"},
	0x11: {name: "CertificateRetrieval"},
	0x12: {name: "RecipientCount"},
	0x13: {name: "MaxCertificates"},
	0x14: {name: "MaxAmbiguousRecipients"},
	0x15: {name: "CertificateCount"},
	0x16: {name: "Availability", first: V140},
	0x17: {name: "StartTime", first: V140},
	0x18: {name: "EndTime", first: V140},
	0x19: {name: "MergedFreeBusy", first: V140},
	0x1a: {name: "Picture", first: V141},
	0x1b: {name: "MaxSize", first: V141},
	0x1c: {name: "Data", first: V141},
	0x1d: {name: "MaxPictures", first: V141},
}}

var pageValidateCert = page{name: "ValidateCert", tags: [tagsPerPage]entry{
	0x05: {name: "ValidateCert"},
	0x06: {name: "Certificates"},
	0x07: {name: "Certificate"},
	0x08: {name: "CertificateChain"},
	0x09: {name: "CheckCRL"},
	0x0a: {name: "Status"},
}}

var pageSearch = page{name: "Search", tags: [tagsPerPage]entry{
	0x05: {name: "Search"},
	0x07: {name: "Store"},
	0x08: {name: "Name"},
	0x09: {name: "Query"},
	0x0a: {name: "Options"},
	0x0b: {name: "Range"},
	0x0c: {name: "Status"},
	0x0d: {name: "Response"},
	0x0e: {name: "Result"},
	0x0f: {name: "Properties"},
	0x10: {name: "Total"},
	0x11: {name: "EqualTo", first: V120},
	0x12: {name: "Value", first: V120},
	0x13: {name: "And", first: V120},
	0x14: {name: "Or", first: V120},
	0x15: {name: "FreeText", first: V120},
	0x17: {name: "DeepTraversal", first: V120},
	0x18: {name: "LongId", first: V120},
	0x19: {name: "RebuildResults", first: V120},
	0x1a: {name: "LessThan", first: V120},
	0x1b: {name: "GreaterThan", first: V120},
	0x1e: {name: "UserName", first: V121},
	0x1f: {name: "Password", first: V121},
	0x20: {name: "ConversationId", first: V140},
	0x21: {name: "Picture", first: V141},
	0x22: {name: "MaxSize", first: V141},
	0x23: {name: "MaxPictures", first: V141},
}}

var pageDocumentLibrary = page{name: "DocumentLibrary", tags: [tagsPerPage]entry{
	0x05: {name: "LinkId", first: V120},
	0x06: {name: "DisplayName", first: V120},
	0x07: {name: "IsFolder", first: V120},
	0x08: {name: "CreationDate", first: V120},
	0x09: {name: "LastModifiedDate", first: V120},
	0x0a: {name: "IsHidden", first: V120},
	0x0b: {name: "ContentLength", first: V120},
	0x0c: {name: "ContentType", first: V120},
}}

var pageItemOperations = page{name: "ItemOperations", tags: [tagsPerPage]entry{
	0x05: {name: "ItemOperations", first: V120},
	0x06: {name: "Fetch", first: V120},
	0x07: {name: "Store", first: V120},
	0x08: {name: "Options", first: V120},
	0x09: {name: "Range", first: V120},
	0x0a: {name: "Total", first: V120},
	0x0b: {name: "Properties", first: V120},
	0x0c: {name: "Data", first: V120},
	0x0d: {name: "Status", first: V120},
	0x0e: {name: "Response", first: V120},
	0x0f: {name: "Version", first: V120},
	0x10: {name: "Schema", first: V120},
	0x11: {name: "Part", first: V120},
	0x12: {name: "EmptyFolderContents", first: V120},
	0x13: {name: "DeleteSubFolders", first: V120},
	0x14: {name: "UserName", first: V121},
	0x15: {name: "Password", first: V121},
	0x16: {name: "Move", first: V140},
	0x17: {name: "DstFldId", first: V140},
	0x18: {name: "ConversationId", first: V140},
	0x19: {name: "MoveAlways", first: V140},
}}

var pageRightsManagement = page{name: "RightsManagement", tags: [tagsPerPage]entry{
	0x05: {name: "RightsManagementSupport", first: V141},
	0x06: {name: "RightsManagementTemplates", first: V141},
	0x07: {name: "RightsManagementTemplate", first: V141},
	0x08: {name: "RightsManagementLicense", first: V141},
	0x09: {name: "EditAllowed", first: V141},
	0x0a: {name: "ReplyAllowed", first: V141},
	0x0b: {name: "ReplyAllAllowed", first: V141},
	0x0c: {name: "ForwardAllowed", first: V141},
	0x0d: {name: "ModifyRecipientsAllowed", first: V141},
	0x0e: {name: "ExtractAllowed", first: V141},
	0x0f: {name: "PrintAllowed", first: V141},
	0x10: {name: "ExportAllowed", first: V141},
	0x11: {name: "ProgrammaticAccessAllowed", first: V141},
	0x12: {name: "Owner", first: V141},
	0x13: {name: "ContentExpiryDate", first: V141},
	0x14: {name: "TemplateID", first: V141},
	0x15: {name: "TemplateName", first: V141},
	0x16: {name: "TemplateDescription", first: V141},
	0x17: {name: "ContentOwner", first: V141},
	0x18: {name: "RemoveRightsManagementProtection", first: V141},
}}

var pageFind = page{name: "Find", tags: [tagsPerPage]entry{
	0x05: {name: "Find", first: V161},
	0x06: {name: "SearchId", first: V161},
	0x07: {name: "ExecuteSearch", first: V161},
	0x08: {name: "MailBoxSearchCriterion", first: V161},
	0x09: {name: "Query", first: V161},
	0x0a: {name: "Status", first: V161},
	0x0b: {name: "FreeText", first: V161},
	0x0c: {name: "Options", first: V161},
	0x0d: {name: "Range", first: V161},
	0x0e: {name: "DeepTraversal", first: V161},
	0x11: {name: "Response", first: V161},
	0x12: {name: "Result", first: V161},
	0x13: {name: "Properties", first: V161},
	0x14: {name: "Preview", first: V161},
	0x15: {name: "HasAttachments", first: V161},
	0x16: {name: "Total", first: V161},
	0x17: {name: "DisplayCc", first: V161},
	0x18: {name: "DisplayBcc", first: V161},
	0x19: {name: "GalSearchCriterion", first: V161},
	0x20: {name: "MaxPictures", first: V161},
	0x21: {name: "MaxSize", first: V161},
	0x22: {name: "Picture", first: V161},
}}
