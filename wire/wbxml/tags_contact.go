package wbxml

// The tags of code page 1, Contacts. MS-ASWBXML 2.1.2.1.2
const (
	ContactsAnniversary               Tag = 0x0105
	ContactsAssistantName             Tag = 0x0106
	ContactsAssistantPhoneNumber      Tag = 0x0107
	ContactsBirthday                  Tag = 0x0108
	ContactsBody                      Tag = 0x0109
	ContactsBodySize                  Tag = 0x010a
	ContactsBodyTruncated             Tag = 0x010b
	ContactsBusiness2PhoneNumber      Tag = 0x010c
	ContactsBusinessAddressCity       Tag = 0x010d
	ContactsBusinessAddressCountry    Tag = 0x010e
	ContactsBusinessAddressPostalCode Tag = 0x010f
	ContactsBusinessAddressState      Tag = 0x0110
	ContactsBusinessAddressStreet     Tag = 0x0111
	ContactsBusinessFaxNumber         Tag = 0x0112
	ContactsBusinessPhoneNumber       Tag = 0x0113
	ContactsCarPhoneNumber            Tag = 0x0114
	ContactsCategories                Tag = 0x0115
	ContactsCategory                  Tag = 0x0116
	ContactsChildren                  Tag = 0x0117
	ContactsChild                     Tag = 0x0118
	ContactsCompanyName               Tag = 0x0119
	ContactsDepartment                Tag = 0x011a
	ContactsEmail1Address             Tag = 0x011b
	ContactsEmail2Address             Tag = 0x011c
	ContactsEmail3Address             Tag = 0x011d
	ContactsFileAs                    Tag = 0x011e
	ContactsFirstName                 Tag = 0x011f
	ContactsHome2PhoneNumber          Tag = 0x0120
	ContactsHomeAddressCity           Tag = 0x0121
	ContactsHomeAddressCountry        Tag = 0x0122
	ContactsHomeAddressPostalCode     Tag = 0x0123
	ContactsHomeAddressState          Tag = 0x0124
	ContactsHomeAddressStreet         Tag = 0x0125
	ContactsHomeFaxNumber             Tag = 0x0126
	ContactsHomePhoneNumber           Tag = 0x0127
	ContactsJobTitle                  Tag = 0x0128
	ContactsLastName                  Tag = 0x0129
	ContactsMiddleName                Tag = 0x012a
	ContactsMobilePhoneNumber         Tag = 0x012b
	ContactsOfficeLocation            Tag = 0x012c
	ContactsOtherAddressCity          Tag = 0x012d
	ContactsOtherAddressCountry       Tag = 0x012e
	ContactsOtherAddressPostalCode    Tag = 0x012f
	ContactsOtherAddressState         Tag = 0x0130
	ContactsOtherAddressStreet        Tag = 0x0131
	ContactsPagerNumber               Tag = 0x0132
	ContactsRadioPhoneNumber          Tag = 0x0133
	ContactsSpouse                    Tag = 0x0134
	ContactsSuffix                    Tag = 0x0135
	ContactsTitle                     Tag = 0x0136
	ContactsWebPage                   Tag = 0x0137
	ContactsYomiCompanyName           Tag = 0x0138
	ContactsYomiFirstName             Tag = 0x0139
	ContactsYomiLastName              Tag = 0x013a
	ContactsCompressedRTF             Tag = 0x013b
	ContactsPicture                   Tag = 0x013c
	ContactsAlias                     Tag = 0x013d
	ContactsWeightedRank              Tag = 0x013e
)

// The tags of code page 12, Contacts2. MS-ASWBXML 2.1.2.1.13
const (
	Contacts2CustomerId       Tag = 0x0c05
	Contacts2GovernmentId     Tag = 0x0c06
	Contacts2IMAddress        Tag = 0x0c07
	Contacts2IMAddress2       Tag = 0x0c08
	Contacts2IMAddress3       Tag = 0x0c09
	Contacts2ManagerName      Tag = 0x0c0a
	Contacts2CompanyMainPhone Tag = 0x0c0b
	Contacts2AccountName      Tag = 0x0c0c
	Contacts2NickName         Tag = 0x0c0d
	Contacts2MMS              Tag = 0x0c0e
)

// The tags of code page 16, GAL. MS-ASWBXML 2.1.2.1.17
const (
	GALDisplayName  Tag = 0x1005
	GALPhone        Tag = 0x1006
	GALOffice       Tag = 0x1007
	GALTitle        Tag = 0x1008
	GALCompany      Tag = 0x1009
	GALAlias        Tag = 0x100a
	GALFirstName    Tag = 0x100b
	GALLastName     Tag = 0x100c
	GALHomePhone    Tag = 0x100d
	GALMobilePhone  Tag = 0x100e
	GALEmailAddress Tag = 0x100f
	GALPicture      Tag = 0x1010
	GALStatus       Tag = 0x1011
	GALData         Tag = 0x1012
)

var pageContacts = page{name: "Contacts", tags: [tagsPerPage]entry{
	0x05: {name: "Anniversary"},
	0x06: {name: "AssistantName"},
	0x07: {name: "AssistantPhoneNumber"},
	0x08: {name: "Birthday"},
	0x09: {name: "Body", last: V25},
	0x0a: {name: "BodySize", last: V25},
	0x0b: {name: "BodyTruncated", last: V25},
	0x0c: {name: "Business2PhoneNumber"},
	0x0d: {name: "BusinessAddressCity"},
	0x0e: {name: "BusinessAddressCountry"},
	0x0f: {name: "BusinessAddressPostalCode"},
	0x10: {name: "BusinessAddressState"},
	0x11: {name: "BusinessAddressStreet"},
	0x12: {name: "BusinessFaxNumber"},
	0x13: {name: "BusinessPhoneNumber"},
	0x14: {name: "CarPhoneNumber"},
	0x15: {name: "Categories"},
	0x16: {name: "Category"},
	0x17: {name: "Children"},
	0x18: {name: "Child"},
	0x19: {name: "CompanyName"},
	0x1a: {name: "Department"},
	0x1b: {name: "Email1Address"},
	0x1c: {name: "Email2Address"},
	0x1d: {name: "Email3Address"},
	0x1e: {name: "FileAs"},
	0x1f: {name: "FirstName"},
	0x20: {name: "Home2PhoneNumber"},
	0x21: {name: "HomeAddressCity"},
	0x22: {name: "HomeAddressCountry"},
	0x23: {name: "HomeAddressPostalCode"},
	0x24: {name: "HomeAddressState"},
	0x25: {name: "HomeAddressStreet"},
	0x26: {name: "HomeFaxNumber"},
	0x27: {name: "HomePhoneNumber"},
	0x28: {name: "JobTitle"},
	0x29: {name: "LastName"},
	0x2a: {name: "MiddleName"},
	0x2b: {name: "MobilePhoneNumber"},
	0x2c: {name: "OfficeLocation"},
	0x2d: {name: "OtherAddressCity"},
	0x2e: {name: "OtherAddressCountry"},
	0x2f: {name: "OtherAddressPostalCode"},
	0x30: {name: "OtherAddressState"},
	0x31: {name: "OtherAddressStreet"},
	0x32: {name: "PagerNumber"},
	0x33: {name: "RadioPhoneNumber"},
	0x34: {name: "Spouse"},
	0x35: {name: "Suffix"},
	0x36: {name: "Title"},
	0x37: {name: "WebPage"},
	0x38: {name: "YomiCompanyName"},
	0x39: {name: "YomiFirstName"},
	0x3a: {name: "YomiLastName"},
	0x3b: {name: "CompressedRTF", last: V25},
	0x3c: {name: "Picture"},
	0x3d: {name: "Alias", first: V140},
	0x3e: {name: "WeightedRank", first: V140},
}}

var pageContacts2 = page{name: "Contacts2", tags: [tagsPerPage]entry{
	0x05: {name: "CustomerId"},
	0x06: {name: "GovernmentId"},
	0x07: {name: "IMAddress"},
	0x08: {name: "IMAddress2"},
	0x09: {name: "IMAddress3"},
	0x0a: {name: "ManagerName"},
	0x0b: {name: "CompanyMainPhone"},
	0x0c: {name: "AccountName"},
	0x0d: {name: "NickName"},
	0x0e: {name: "MMS"},
}}

var pageGAL = page{name: "GAL", tags: [tagsPerPage]entry{
	0x05: {name: "DisplayName"},
	0x06: {name: "Phone"},
	0x07: {name: "Office"},
	0x08: {name: "Title"},
	0x09: {name: "Company"},
	0x0a: {name: "Alias"},
	0x0b: {name: "FirstName"},
	0x0c: {name: "LastName"},
	0x0d: {name: "HomePhone"},
	0x0e: {name: "MobilePhone"},
	0x0f: {name: "EmailAddress"},
	0x10: {name: "Picture", first: V141},
	0x11: {name: "Status", first: V141},
	0x12: {name: "Data", first: V141},
}}
