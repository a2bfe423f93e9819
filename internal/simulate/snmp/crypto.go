package snmp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
)

// saltBytes is the length of msgPrivacyParameters in both privacy protocols.
const saltBytes = 8

// errCiphertext is a decryption that fails before its result can be read
// (RFC 3414 §8.3.2, RFC 3826 §3.3.2): usmStatsDecryptionErrors.
var errCiphertext = errors.New("cannot be decrypted")

// mac is the truncated HMAC of a message whose msgAuthenticationParameters are
// zeros (RFC 3414 §6.3, RFC 7860 §4.2).
func (a *account) mac(message []byte) []byte {
	h := hmac.New(a.auth.newHash, a.authKey)
	h.Write(message)
	return h.Sum(nil)[:a.auth.macBytes]
}

// encrypt encrypts a scoped PDU; counter makes the salt unique in one boot.
func (a *account) encrypt(plain []byte, boots, time int32, counter uint64) (encrypted, salt []byte) {
	if a.priv == DES {
		// RFC 3414 §8.1.1.1: engine boots and a local counter.
		salt = binary.BigEndian.AppendUint32(nil, uint32(boots))
		salt = binary.BigEndian.AppendUint32(salt, uint32(counter))
		padded := make([]byte, (len(plain)+des.BlockSize-1)/des.BlockSize*des.BlockSize)
		copy(padded, plain)
		a.desMode(salt, cipher.NewCBCEncrypter).CryptBlocks(padded, padded)
		return padded, salt
	}
	salt = binary.BigEndian.AppendUint64(nil, counter)
	return a.aesCFB(plain, a.aesIV(boots, time, salt), false), salt
}

// decrypt is the inverse. DES leaves its padding at the end.
func (a *account) decrypt(encrypted, salt []byte, boots, time int32) ([]byte, error) {
	if len(salt) != saltBytes {
		return nil, fmt.Errorf("%w: msgPrivacyParameters of %d octets, want %d", errCiphertext, len(salt), saltBytes)
	}
	if a.priv == DES {
		if len(encrypted)%des.BlockSize != 0 {
			return nil, fmt.Errorf("%w: %d octets, not a multiple of %d", errCiphertext, len(encrypted), des.BlockSize)
		}
		plain := make([]byte, len(encrypted))
		a.desMode(salt, cipher.NewCBCDecrypter).CryptBlocks(plain, encrypted)
		return plain, nil
	}
	return a.aesCFB(encrypted, a.aesIV(boots, time, salt), true), nil
}

// desMode keys CBC-DES with the first half of the key; the second half, XORed
// with the salt, is the initialisation vector (RFC 3414 §8.1.1.1).
func (a *account) desMode(salt []byte, mode func(cipher.Block, []byte) cipher.BlockMode) cipher.BlockMode {
	block, err := des.NewCipher(a.privKey[:des.BlockSize])
	if err != nil {
		panic("snmp: DES key of a wrong length") // newAccount cuts the key
	}
	var iv [des.BlockSize]byte
	for i := range iv {
		iv[i] = a.privKey[des.BlockSize+i] ^ salt[i]
	}
	return mode(block, iv[:])
}

// aesIV is RFC 3826 §3.1.2.1: engine boots, engine time, salt.
func (a *account) aesIV(boots, time int32, salt []byte) []byte {
	iv := binary.BigEndian.AppendUint32(nil, uint32(boots))
	iv = binary.BigEndian.AppendUint32(iv, uint32(time))
	return append(iv, salt...)
}

// aesCFB runs AES-128 in CFB128 mode (RFC 3826 §3.1), in either direction. It
// is written out because crypto/cipher's CFB is deprecated, for a protocol
// that has no other mode.
func (a *account) aesCFB(in, iv []byte, decrypt bool) []byte {
	block, err := aes.NewCipher(a.privKey)
	if err != nil {
		panic("snmp: AES key of a wrong length") // newAccount cuts the key
	}
	out := make([]byte, len(in))
	register := iv
	var stream [aes.BlockSize]byte
	for at := 0; at < len(in); at += aes.BlockSize {
		block.Encrypt(stream[:], register)
		end := min(at+aes.BlockSize, len(in))
		for i := at; i < end; i++ {
			out[i] = in[i] ^ stream[i-at]
		}
		register = out[at:end]
		if decrypt {
			register = in[at:end]
		}
	}
	return out
}
