package snmp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Goal: passwords become the keys of the standard's examples. Method: the
// sample results of RFC 3414 §A.3.1 and §A.3.2.
func TestKeyLocalisation(t *testing.T) {
	engineID := string(unhex(t, "000000000000000000000002"))
	cases := []struct {
		protocol       AuthProtocol
		key, localised string
	}{
		{MD5, "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"},
		{SHA1, "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"},
	}
	for _, c := range cases {
		spec := authSpecs[c.protocol]
		key := passwordKey(spec, "maplesyrup")
		if got := hex.EncodeToString(key); got != c.key {
			t.Errorf("%s: key %s, want %s", spec.name, got, c.key)
		}
		if got := hex.EncodeToString(localise(spec, key, engineID)); got != c.localised {
			t.Errorf("%s: localised key %s, want %s", spec.name, got, c.localised)
		}
	}
}

// Goal: the written-out CFB128 mode is AES-128's. Method: the example of NIST
// SP 800-38A §F.3.13 and §F.3.14, whole and cut within a block.
func TestAESCFB(t *testing.T) {
	acc := &account{priv: AES128, privKey: unhex(t, "2b7e151628aed2a6abf7158809cf4f3c")}
	iv := unhex(t, "000102030405060708090a0b0c0d0e0f")
	plain := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
	encrypted := unhex(t, "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b")
	for _, n := range []int{0, 1, 15, 16, 17, 32} {
		if got := acc.aesCFB(plain[:n], iv, false); !bytes.Equal(got, encrypted[:n]) {
			t.Errorf("encrypt %d octets: %x", n, got)
		}
		if got := acc.aesCFB(encrypted[:n], iv, true); !bytes.Equal(got, plain[:n]) {
			t.Errorf("decrypt %d octets: %x", n, got)
		}
	}
}

// Goal: what is encrypted comes back, DES with its padding, and parameters
// that cannot be decrypted are told apart. Method: both protocols over lengths
// around a block.
func TestPrivacyRoundTrip(t *testing.T) {
	for _, priv := range []PrivProtocol{DES, AES128} {
		acc := &account{priv: priv, privKey: []byte("0123456789abcdef")}
		for n := range 18 {
			plain := bytes.Repeat([]byte{0xa5}, n)
			encrypted, salt := acc.encrypt(plain, 3, 99, 42)
			back, err := acc.decrypt(encrypted, salt, 3, 99)
			if err != nil || !bytes.Equal(back[:n], plain) || len(back)-n > 7 {
				t.Errorf("protocol %d, %d octets: %x, %v", priv, n, back, err)
			}
		}
		if _, err := acc.decrypt(nil, []byte("1234567"), 3, 99); !errors.Is(err, errCiphertext) {
			t.Errorf("protocol %d, short salt: %v", priv, err)
		}
	}
	acc := &account{priv: DES, privKey: []byte("0123456789abcdef")}
	if _, err := acc.decrypt([]byte("123456789"), []byte("12345678"), 3, 99); !errors.Is(err, errCiphertext) {
		t.Errorf("DES over 9 octets: %v", err)
	}
}
