package items

import b64 "encoding/base64"

// base64 is data as the protocol carries them in text. MS-ASDTYPE 2.7.1
func base64(data []byte) string { return b64.StdEncoding.EncodeToString(data) }
