package wbxml

// The tags of code page 14, Provision. MS-ASWBXML 2.1.2.1.15
const (
	ProvisionProvision                                Tag = 0x0e05
	ProvisionPolicies                                 Tag = 0x0e06
	ProvisionPolicy                                   Tag = 0x0e07
	ProvisionPolicyType                               Tag = 0x0e08
	ProvisionPolicyKey                                Tag = 0x0e09
	ProvisionData                                     Tag = 0x0e0a
	ProvisionStatus                                   Tag = 0x0e0b
	ProvisionRemoteWipe                               Tag = 0x0e0c
	ProvisionEASProvisionDoc                          Tag = 0x0e0d
	ProvisionDevicePasswordEnabled                    Tag = 0x0e0e
	ProvisionAlphanumericDevicePasswordRequired       Tag = 0x0e0f
	ProvisionRequireStorageCardEncryption             Tag = 0x0e10
	ProvisionPasswordRecoveryEnabled                  Tag = 0x0e11
	ProvisionAttachmentsEnabled                       Tag = 0x0e13
	ProvisionMinDevicePasswordLength                  Tag = 0x0e14
	ProvisionMaxInactivityTimeDeviceLock              Tag = 0x0e15
	ProvisionMaxDevicePasswordFailedAttempts          Tag = 0x0e16
	ProvisionMaxAttachmentSize                        Tag = 0x0e17
	ProvisionAllowSimpleDevicePassword                Tag = 0x0e18
	ProvisionDevicePasswordExpiration                 Tag = 0x0e19
	ProvisionDevicePasswordHistory                    Tag = 0x0e1a
	ProvisionAllowStorageCard                         Tag = 0x0e1b
	ProvisionAllowCamera                              Tag = 0x0e1c
	ProvisionRequireDeviceEncryption                  Tag = 0x0e1d
	ProvisionAllowUnsignedApplications                Tag = 0x0e1e
	ProvisionAllowUnsignedInstallationPackages        Tag = 0x0e1f
	ProvisionMinDevicePasswordComplexCharacters       Tag = 0x0e20
	ProvisionAllowWiFi                                Tag = 0x0e21
	ProvisionAllowTextMessaging                       Tag = 0x0e22
	ProvisionAllowPOPIMAPEmail                        Tag = 0x0e23
	ProvisionAllowBluetooth                           Tag = 0x0e24
	ProvisionAllowIrDA                                Tag = 0x0e25
	ProvisionRequireManualSyncWhenRoaming             Tag = 0x0e26
	ProvisionAllowDesktopSync                         Tag = 0x0e27
	ProvisionMaxCalendarAgeFilter                     Tag = 0x0e28
	ProvisionAllowHTMLEmail                           Tag = 0x0e29
	ProvisionMaxEmailAgeFilter                        Tag = 0x0e2a
	ProvisionMaxEmailBodyTruncationSize               Tag = 0x0e2b
	ProvisionMaxEmailHTMLBodyTruncationSize           Tag = 0x0e2c
	ProvisionRequireSignedSMIMEMessages               Tag = 0x0e2d
	ProvisionRequireEncryptedSMIMEMessages            Tag = 0x0e2e
	ProvisionRequireSignedSMIMEAlgorithm              Tag = 0x0e2f
	ProvisionRequireEncryptionSMIMEAlgorithm          Tag = 0x0e30
	ProvisionAllowSMIMEEncryptionAlgorithmNegotiation Tag = 0x0e31
	ProvisionAllowSMIMESoftCerts                      Tag = 0x0e32
	ProvisionAllowBrowser                             Tag = 0x0e33
	ProvisionAllowConsumerEmail                       Tag = 0x0e34
	ProvisionAllowRemoteDesktop                       Tag = 0x0e35
	ProvisionAllowInternetSharing                     Tag = 0x0e36
	ProvisionUnapprovedInROMApplicationList           Tag = 0x0e37
	ProvisionApplicationName                          Tag = 0x0e38
	ProvisionApprovedApplicationList                  Tag = 0x0e39
	ProvisionHash                                     Tag = 0x0e3a
	ProvisionAccountOnlyRemoteWipe                    Tag = 0x0e3b
)

// The tags of code page 18, Settings. MS-ASWBXML 2.1.2.1.19
const (
	SettingsSettings                    Tag = 0x1205
	SettingsStatus                      Tag = 0x1206
	SettingsGet                         Tag = 0x1207
	SettingsSet                         Tag = 0x1208
	SettingsOof                         Tag = 0x1209
	SettingsOofState                    Tag = 0x120a
	SettingsStartTime                   Tag = 0x120b
	SettingsEndTime                     Tag = 0x120c
	SettingsOofMessage                  Tag = 0x120d
	SettingsAppliesToInternal           Tag = 0x120e
	SettingsAppliesToExternalKnown      Tag = 0x120f
	SettingsAppliesToExternalUnknown    Tag = 0x1210
	SettingsEnabled                     Tag = 0x1211
	SettingsReplyMessage                Tag = 0x1212
	SettingsBodyType                    Tag = 0x1213
	SettingsDevicePassword              Tag = 0x1214
	SettingsPassword                    Tag = 0x1215
	SettingsDeviceInformation           Tag = 0x1216
	SettingsModel                       Tag = 0x1217
	SettingsIMEI                        Tag = 0x1218
	SettingsFriendlyName                Tag = 0x1219
	SettingsOS                          Tag = 0x121a
	SettingsOSLanguage                  Tag = 0x121b
	SettingsPhoneNumber                 Tag = 0x121c
	SettingsUserInformation             Tag = 0x121d
	SettingsEmailAddresses              Tag = 0x121e
	SettingsSMTPAddress                 Tag = 0x121f
	SettingsUserAgent                   Tag = 0x1220
	SettingsEnableOutboundSMS           Tag = 0x1221
	SettingsMobileOperator              Tag = 0x1222
	SettingsPrimarySmtpAddress          Tag = 0x1223
	SettingsAccounts                    Tag = 0x1224
	SettingsAccount                     Tag = 0x1225
	SettingsAccountId                   Tag = 0x1226
	SettingsAccountName                 Tag = 0x1227
	SettingsUserDisplayName             Tag = 0x1228
	SettingsSendDisabled                Tag = 0x1229
	SettingsRightsManagementInformation Tag = 0x122b
)

var pageProvision = page{name: "Provision", tags: [tagsPerPage]entry{
	0x05: {name: "Provision"},
	0x06: {name: "Policies"},
	0x07: {name: "Policy"},
	0x08: {name: "PolicyType"},
	0x09: {name: "PolicyKey"},
	0x0a: {name: "Data"},
	0x0b: {name: "Status"},
	0x0c: {name: "RemoteWipe"},
	0x0d: {name: "EASProvisionDoc", first: V120},
	0x0e: {name: "DevicePasswordEnabled", first: V120},
	0x0f: {name: "AlphanumericDevicePasswordRequired", first: V120},
	0x10: {name: "RequireStorageCardEncryption", first: V121},
	0x11: {name: "PasswordRecoveryEnabled", first: V120},
	0x13: {name: "AttachmentsEnabled", first: V120},
	0x14: {name: "MinDevicePasswordLength", first: V120},
	0x15: {name: "MaxInactivityTimeDeviceLock", first: V120},
	0x16: {name: "MaxDevicePasswordFailedAttempts", first: V120},
	0x17: {name: "MaxAttachmentSize", first: V120},
	0x18: {name: "AllowSimpleDevicePassword", first: V120},
	0x19: {name: "DevicePasswordExpiration", first: V120},
	0x1a: {name: "DevicePasswordHistory", first: V120},
	0x1b: {name: "AllowStorageCard", first: V121},
	0x1c: {name: "AllowCamera", first: V121},
	0x1d: {name: "RequireDeviceEncryption", first: V121},
	0x1e: {name: "AllowUnsignedApplications", first: V121},
	0x1f: {name: "AllowUnsignedInstallationPackages", first: V121},
	0x20: {name: "MinDevicePasswordComplexCharacters", first: V121},
	0x21: {name: "AllowWiFi", first: V121},
	0x22: {name: "AllowTextMessaging", first: V121},
	0x23: {name: "AllowPOPIMAPEmail", first: V121},
	0x24: {name: "AllowBluetooth", first: V121},
	0x25: {name: "AllowIrDA", first: V121},
	0x26: {name: "RequireManualSyncWhenRoaming", first: V121},
	0x27: {name: "AllowDesktopSync", first: V121},
	0x28: {name: "MaxCalendarAgeFilter", first: V121},
	0x29: {name: "AllowHTMLEmail", first: V121},
	0x2a: {name: "MaxEmailAgeFilter", first: V121},
	0x2b: {name: "MaxEmailBodyTruncationSize", first: V121},
	0x2c: {name: "MaxEmailHTMLBodyTruncationSize", first: V121},
	0x2d: {name: "RequireSignedSMIMEMessages", first: V121},
	0x2e: {name: "RequireEncryptedSMIMEMessages", first: V121},
	0x2f: {name: "RequireSignedSMIMEAlgorithm", first: V121},
	0x30: {name: "RequireEncryptionSMIMEAlgorithm", first: V121},
	0x31: {name: "AllowSMIMEEncryptionAlgorithmNegotiation", first: V121},
	0x32: {name: "AllowSMIMESoftCerts", first: V121},
	0x33: {name: "AllowBrowser", first: V121},
	0x34: {name: "AllowConsumerEmail", first: V121},
	0x35: {name: "AllowRemoteDesktop", first: V121},
	0x36: {name: "AllowInternetSharing", first: V121},
	0x37: {name: "UnapprovedInROMApplicationList", first: V121},
	0x38: {name: "ApplicationName", first: V121},
	0x39: {name: "ApprovedApplicationList", first: V121},
	0x3a: {name: "Hash", first: V121},
	0x3b: {name: "AccountOnlyRemoteWipe", first: V161},
}}

var pageSettings = page{name: "Settings", tags: [tagsPerPage]entry{
	0x05: {name: "Settings", first: V120},
	0x06: {name: "Status", first: V120},
	0x07: {name: "Get", first: V120},
	0x08: {name: "Set", first: V120},
	0x09: {name: "Oof", first: V120},
	0x0a: {name: "OofState", first: V120},
	0x0b: {name: "StartTime", first: V120},
	0x0c: {name: "EndTime", first: V120},
	0x0d: {name: "OofMessage", first: V120},
	0x0e: {name: "AppliesToInternal", first: V120},
	0x0f: {name: "AppliesToExternalKnown", first: V120},
	0x10: {name: "AppliesToExternalUnknown", first: V120},
	0x11: {name: "Enabled", first: V120},
	0x12: {name: "ReplyMessage", first: V120},
	0x13: {name: "BodyType", first: V120},
	0x14: {name: "DevicePassword", first: V120},
	0x15: {name: "Password", first: V120},
	0x16: {name: "DeviceInformation", first: V120},
	0x17: {name: "Model", first: V120},
	0x18: {name: "IMEI", first: V120},
	0x19: {name: "FriendlyName", first: V120},
	0x1a: {name: "OS", first: V120},
	0x1b: {name: "OSLanguage", first: V120},
	0x1c: {name: "PhoneNumber", first: V120},
	0x1d: {name: "UserInformation", first: V120},
	0x1e: {name: "EmailAddresses", first: V120},
	0x1f: {name: "SMTPAddress", first: V120},
	0x20: {name: "UserAgent", first: V121},
	0x21: {name: "EnableOutboundSMS", first: V140},
	0x22: {name: "MobileOperator", first: V140},
	0x23: {name: "PrimarySmtpAddress", first: V141},
	0x24: {name: "Accounts", first: V141},
	0x25: {name: "Account", first: V141},
	0x26: {name: "AccountId", first: V141},
	0x27: {name: "AccountName", first: V141},
	0x28: {name: "UserDisplayName", first: V141},
	0x29: {name: "SendDisabled", first: V141},
	0x2b: {name: "RightsManagementInformation", first: V141},
}}
