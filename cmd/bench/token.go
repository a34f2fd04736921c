package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// identityToken is what the app's own server would sign for a user, by hand: this program measures
// the product's JWT code and so must not share it.
func identityToken(now time.Time) string {
	b64 := base64.RawURLEncoding.EncodeToString
	head := b64([]byte(`{"alg":"HS256","typ":"JWT"}`))
	claims := fmt.Sprintf(`{"iss":"bench","aud":"bench","sub":%q,"iat":%d,"exp":%d}`, benchUser, now.Unix(), now.Add(time.Hour).Unix())
	signed := head + "." + b64([]byte(claims))
	mac := hmac.New(sha256.New, []byte(hs256Key))
	mac.Write([]byte(signed))
	return signed + "." + b64(mac.Sum(nil))
}
