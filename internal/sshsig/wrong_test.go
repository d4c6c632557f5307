package sshsig

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

// refused are the signatures that ssh-keygen made, and that are not accepted.
var refused = []string{"certificate.sig", "other-namespace.sig", "sk-untouched.sig", "stranger.sig"}

// wrong is a right call of Verify in which something was changed.
type wrong struct {
	signature []byte
	message   []byte
	namespace string
	signers   AllowedSigners
	at        time.Time
}

func TestEachWrongThingHasItsError(t *testing.T) {
	allowed := string(testdata(t, "allowed_signers"))
	for _, tt := range []struct {
		name  string
		file  string // of testdata
		wrong func(*testing.T, *wrong)
		is    error
		want  string // the whole error
	}{
		{
			"the message is another one", "ed25519.sig",
			func(_ *testing.T, w *wrong) { w.message = []byte("The message that was not signed.\n") },
			ErrSignature, "wrong signature: the message was changed, or another key signed it",
		},
		{
			"the message is empty", "rsa.sig",
			func(_ *testing.T, w *wrong) { w.message = nil },
			ErrSignature, "wrong signature: the message was changed, or another key signed it",
		},
		{
			"the signature is that of another key", "ecdsa256.sig",
			edit(func(p *parts) { p.key = string(signer(t, "ecdsa256").PublicKey().Marshal()) }, "ecdsa256"),
			ErrSignature, "wrong signature: the message was changed, or another key signed it",
		},
		{
			"the hash is said to be another one", "ed25519.sig",
			edit(func(p *parts) { p.hash = "sha256" }),
			ErrSignature, "wrong signature: the message was changed, or another key signed it",
		},
		{
			"the counter of a security key was changed", "sk-ecdsa.sig",
			edit(func(p *parts) { p.rest = p.rest[:4] + "\xff" }),
			ErrSignature, "wrong signature: the message was changed, or another key signed it",
		},
		{
			"it was made for another namespace", "other-namespace.sig", nil,
			ErrNamespace, `signature for another namespace: "email", not "file"`,
		},
		{
			"the namespace was changed to the one that is asked for", "other-namespace.sig",
			edit(func(p *parts) { p.namespace = "file" }),
			ErrSignature, "wrong signature: the message was changed, or another key signed it",
		},
		{
			"no namespace is asked for", "ed25519.sig",
			func(_ *testing.T, w *wrong) { w.namespace = "" },
			ErrNamespace, `signature for another namespace: "file", not ""`,
		},
		{
			"nobody knows the key", "stranger.sig", nil,
			ErrUnknownKey, "unknown key: no line of the allowed signers has ssh-ed25519 SHA256:eUaFKfAMuz65AgLS9HUMYMiQVG095IHgUsKKyF3nWKg",
		},
		{
			"nobody is allowed", "ed25519.sig",
			func(_ *testing.T, w *wrong) { w.signers = nil },
			ErrUnknownKey, "unknown key: no line of the allowed signers has ssh-ed25519 SHA256:Un9kNv1SkNIfXTvsh6avtJ9Mim9m9iGLD2kfuN1peFI",
		},
		{
			"nobody touched the security key", "sk-untouched.sig", nil,
			ErrUntouched, "security key signed without a touch",
		},
		{
			"somebody wrote into the signature that it was touched", "sk-untouched.sig",
			edit(func(p *parts) { p.rest = "\x01" + p.rest[1:] }),
			ErrSignature, "wrong signature: the message was changed, or another key signed it",
		},
		{
			"the key is for other namespaces", "ed25519.sig",
			lines(strings.Replace(allowed, "alice ssh-ed25519", `alice namespaces="git,f*,!fi*" ssh-ed25519`, 1)),
			ErrKeyNamespace, "key not allowed for this namespace: allowed:3:1 allows git,f*,!fi*",
		},
		{
			"the key is not valid yet", "ecdsa521.sig",
			func(_ *testing.T, w *wrong) { w.at = time.Date(2023, 12, 31, 23, 59, 59, 999, time.UTC) },
			ErrNotYetValid, "key not yet valid: allowed_signers:6:1 has valid-after 2024-01-01T00:00:00Z",
		},
		{
			"the key is no longer valid", "ecdsa521.sig",
			func(_ *testing.T, w *wrong) { w.at = time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC) },
			ErrExpired, "key no longer valid: allowed_signers:6:1 has valid-before 2027-12-31T23:59:59Z",
		},
		{
			"one line has the key for another namespace, one for another time", "ed25519.sig",
			lines(strings.Replace(allowed, "alice ssh-ed25519", `alice namespaces="git" ssh-ed25519`, 1) +
				strings.Replace(line(allowed, 3), "alice ssh-ed25519", `alice valid-before="20260601" ssh-ed25519`, 1)),
			ErrExpired, "key no longer valid: allowed:11:1 has valid-before 2026-06-01T00:00:00Z",
		},
		{
			"the version is to come", "ed25519.sig",
			edit(func(p *parts) { p.version = 2 }),
			ErrMalformed, "malformed SSH signature: version 2, only version 1 is known",
		},
		{
			"the version is zero", "ed25519.sig",
			edit(func(p *parts) { p.version = 0 }),
			ErrMalformed, "malformed SSH signature: version 0, only version 1 is known",
		},
		{
			"the preamble is another one", "ed25519.sig",
			edit(func(p *parts) { p.magic = "SSHSIh" }),
			ErrMalformed, `malformed SSH signature: it begins with "SSHSIh", not SSHSIG`,
		},
		{
			"the reserved field is not empty", "ed25519.sig",
			edit(func(p *parts) { p.reserved = "tag" }),
			ErrMalformed, "malformed SSH signature: the reserved field has 3 bytes, none are allowed",
		},
		{
			"the namespace is empty", "ed25519.sig",
			edit(func(p *parts) { p.namespace = "" }),
			ErrMalformed, "malformed SSH signature: the namespace is empty",
		},
		{
			"a byte follows", "ed25519.sig",
			edit(func(p *parts) { p.after = "\x00" }),
			ErrMalformed, "malformed SSH signature: bytes after the signature: 1",
		},
		{
			"bytes follow inside of the signature", "ed25519.sig",
			edit(func(p *parts) { p.rest = "\x01\x00\x00\x00\x00" }),
			ErrMalformed, "malformed SSH signature: bytes after the signature value: 5",
		},
		{
			"bytes follow the flags of the security key", "sk-ed25519.sig",
			edit(func(p *parts) { p.rest += "\x00" }),
			ErrMalformed, "malformed SSH signature: bytes after the flags of the security key: 1",
		},
		{
			"the security key has no flags", "sk-ecdsa.sig",
			edit(func(p *parts) { p.rest = "" }),
			ErrMalformed, "malformed SSH signature: cut off in the flags of the security key: 0 bytes are there, 5 are needed",
		},
		{
			"bytes follow inside of the key", "ed25519.sig",
			edit(func(p *parts) { p.key += "\x00" }),
			ErrMalformed, "malformed SSH signature: ssh-ed25519 key: trailing junk in public key",
		},
		{
			"a number of the key has a zero too many", "rsa.sig",
			edit(func(p *parts) { p.key = strings.Replace(p.key, "\x00\x00\x00\x03\x01", "\x00\x00\x00\x04\x00\x01", 1) }),
			ErrMalformed, "malformed SSH signature: ssh-rsa key is encoded in an unusual way",
		},
		{
			"the hash is SHA-1", "ed25519.sig",
			edit(func(p *parts) { p.hash = "sha1" }),
			ErrMalformed, `malformed SSH signature: hash algorithm "sha1" is neither sha256 nor sha512`,
		},
		{
			"RSA signed with SHA-1", "rsa.sig", sha1,
			ErrMalformed, `malformed SSH signature: signature algorithm "ssh-rsa" does not go with a key of type ssh-rsa`,
		},
		{
			"the RSA key is small", "rsa.sig",
			edit(func(p *parts) { p.key = string(signer(t, "small rsa").PublicKey().Marshal()) }),
			ErrMalformed, "malformed SSH signature: RSA key of 1024 bits, 2048 are the least",
		},
		{
			"the algorithm is that of another key", "ed25519.sig",
			edit(func(p *parts) { p.algorithm = ssh.KeyAlgoSKED25519 }),
			ErrMalformed, `malformed SSH signature: signature algorithm "sk-ssh-ed25519@openssh.com" does not go with a key of type ssh-ed25519`,
		},
		{
			"a web browser signed with the security key", "sk-ecdsa.sig",
			edit(func(p *parts) { p.algorithm = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com" }),
			ErrMalformed, `malformed SSH signature: signature algorithm "webauthn-sk-ecdsa-sha2-nistp256@openssh.com" does not go with a key of type sk-ecdsa-sha2-nistp256@openssh.com`,
		},
		{
			"a certificate signed", "certificate.sig", nil,
			ErrMalformed, `malformed SSH signature: key type "ssh-ed25519-cert-v01@openssh.com" is not one of ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, ssh-rsa, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com`,
		},
		{
			"a length is more than there is", "ed25519.sig",
			func(_ *testing.T, w *wrong) { w.signature = armor([]byte("SSHSIG\x00\x00\x00\x01\xff\xff\xff\xff")) },
			ErrMalformed, "malformed SSH signature: cut off in the public key: 0 bytes are there, 4294967295 are needed",
		},
		{
			"there is nothing", "ed25519.sig",
			func(_ *testing.T, w *wrong) { w.signature = nil },
			ErrMalformed, "malformed SSH signature: it does not begin with a line -----BEGIN SSH SIGNATURE-----",
		},
		{
			"it is larger than any", "ed25519.sig",
			func(_ *testing.T, w *wrong) { w.signature = armor(make([]byte, MaxSize)) },
			ErrMalformed, "malformed SSH signature: 22219 bytes, 16384 are the most",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := wrong{
				testdata(t, tt.file), testdata(t, "message"), "file",
				parse(t, "allowed_signers", []byte(allowed)), noon,
			}
			if tt.wrong != nil {
				tt.wrong(t, &w)
			}
			who, err := Verify(w.signature, w.message, w.namespace, w.signers, w.at)
			if !errors.Is(err, tt.is) || len(who.Entries)+len(who.Lines) > 0 {
				t.Fatalf("error %v, signer %v", err, who)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// edit changes the signature, and allows one more key.
func edit(change func(*parts), more ...string) func(*testing.T, *wrong) {
	return func(t *testing.T, w *wrong) {
		p := partsOf(t, w.signature)
		change(&p)
		w.signature = p.armored()
		for _, kind := range more {
			w.signers = append(w.signers, allow(t, "mallory@example.com", signer(t, kind))...)
		}
	}
}

func lines(src string) func(*testing.T, *wrong) {
	return func(t *testing.T, w *wrong) { w.signers = parse(t, "allowed", []byte(src)) }
}

func line(src string, n int) string { return strings.Split(src, "\n")[n-1] + "\n" }

// sha1 is a signature that is right, with SHA-1, by a key that is allowed.
func sha1(t *testing.T, w *wrong) {
	key := signer(t, "rsa").(ssh.AlgorithmSigner)
	s, err := key.SignWithAlgorithm(rand.Reader, signedData("file", "sha512", w.message), ssh.KeyAlgoRSA)
	if err != nil {
		t.Fatal(err)
	}
	w.signers = allow(t, "alice@example.com", key)
	w.signature = armor((&blob{key.PublicKey(), "file", "sha512", *s}).marshal())
}

func TestArmourHasOneForm(t *testing.T) {
	signers := parse(t, "allowed_signers", testdata(t, "allowed_signers"))
	right := string(testdata(t, "ed25519.sig"))
	oneLine := header + strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(right, header), footer+"\n"), "\n", "") + footer
	for _, tt := range []struct {
		name, in string
		want     string // in the error, empty for none
	}{
		{"as it is", right, ""},
		{"the last line feed is missing", strings.TrimSuffix(right, "\n"), ""},
		{"the base64 is on one line", oneLine, ""},
		{"two line feeds at the end", right + "\n", "does not end with a line"},
		{"text before it", "Signed by Alice:\n" + right, "does not begin with a line"},
		{"a space before it", " " + right, "does not begin with a line"},
		{"a byte order mark before it", "\ufeff" + right, "does not begin with a line"},
		{"text after it", right + "Alice\n", "does not end with a line"},
		{"another signature after it", right + right, "is not base64"},
		{"lines of Windows", strings.ReplaceAll(right, "\n", "\r\n"), "carriage returns, as at the ends of lines on Windows"},
		{"carriage returns in the base64", strings.Replace(right, "AAAA", "AA\r\nAA", 1), "carriage returns"},
		{"a header of PEM", strings.Replace(right, "\n", "\nComment: Alice\n\n", 1), "is not base64"},
		{"indented base64", strings.Replace(right, "\nU1NI", "\n  U1NI", 1), "is not base64"},
		{"a checksum of PGP", strings.Replace(right, footer, "\n=abcd"+footer, 1), "is not base64"},
		{"base64 of URLs", strings.NewReplacer("+", "-", "/", "_").Replace(right), "is not base64"},
		{"the armour of PGP", strings.ReplaceAll(right, "SSH SIGNATURE", "PGP SIGNATURE"), "does not begin with a line"},
		{"first line alone", header, "does not end with a line"},
		{"nothing between its lines", header + footer[1:], "does not end with a line"},
		{"an empty line between its lines", header + footer, "cut off in the preamble"},
		{"base64 that is cut off", header + "U1NIU0lHA" + footer, "is not base64"},
		{"bits of the base64 that say nothing", header + "U1NIU0k=" + footer, "cut off in the preamble"},
		{"bits of the base64 that say nothing are not zero", header + "U1NIU0l=" + footer, "is not base64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Verify([]byte(tt.in), testdata(t, "message"), "file", signers, noon)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (!errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
