package sshsig

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

const (
	edKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM0A/Tq1SWQtMZ0aEeasiAUhvdcg/NGIer19fE6MiQSn"
	edHash = "SHA256:Un9kNv1SkNIfXTvsh6avtJ9Mim9m9iGLD2kfuN1peFI"
)

func TestParseAllowedSigners(t *testing.T) {
	ed := func(line, column int, principals PatternList) Entry {
		return Entry{Position: Position{"f", line, column}, Principals: principals, KeyType: ssh.KeyAlgoED25519, Fingerprint: edHash}
	}
	with := func(e Entry, change func(*Entry)) Entry { change(&e); return e }
	for _, tt := range []struct {
		name, src string
		want      AllowedSigners
	}{
		{"nothing", "", nil},
		{"comments and blank lines", "# alice " + edKey + "\n\n \t \n\t# bob\n", nil},
		{"a principal and a key", "alice " + edKey, AllowedSigners{ed(1, 1, "alice")}},
		{"a comment after the key", "alice " + edKey + " laptop, \"the old one\n", AllowedSigners{ed(1, 1, "alice")}},
		{"lines of Windows", "alice " + edKey + "\r\n\r\nbob " + edKey + "\r\n", AllowedSigners{ed(1, 1, "alice"), ed(3, 1, "bob")}},
		{"spaces and tabs", "\t alice \t " + strings.Replace(edKey, " ", "\t\t", 1) + " ", AllowedSigners{ed(1, 3, "alice")}},
		{"several principals", "alice@example.com,*@alice.example,!x@alice.example " + edKey, AllowedSigners{
			ed(1, 1, "alice@example.com,*@alice.example,!x@alice.example"),
		}},
		{"principals in quotes", `"alice smith,alice" ` + edKey, AllowedSigners{ed(1, 1, "alice smith,alice")}},
		{"a principal that looks like a comment", `"#1" ` + edKey, AllowedSigners{ed(1, 1, "#1")}},
		{"letters of other alphabets", "Zoë " + edKey, AllowedSigners{ed(1, 1, "Zoë")}},
		{"a comment with what does not show", "alice " + edKey + " laptop ❤\ufe0f", AllowedSigners{ed(1, 1, "alice")}},
		{"as many patterns as are looked at", strings.Repeat("a,", maxPatterns-1) + "a " + edKey, AllowedSigners{ed(1, 1, PatternList(strings.Repeat("a,", maxPatterns-1)+"a"))}},
		{"patterns of which some is left", "*@*.example,?lice,!*@acme.example,!alice " + edKey, AllowedSigners{ed(1, 1, "*@*.example,?lice,!*@acme.example,!alice")}},
		{"a pattern of which only what is short is left", "*,!??* " + edKey, AllowedSigners{ed(1, 1, "*,!??*")}},
		{"namespaces", `alice namespaces="git,file*,!file2" ` + edKey, AllowedSigners{
			with(ed(1, 1, "alice"), func(e *Entry) { e.Namespaces = "git,file*,!file2" }),
		}},
		{"a quote and a space in a namespace", `alice NameSpaces="a \"b\" c\d" ` + edKey, AllowedSigners{
			with(ed(1, 1, "alice"), func(e *Entry) { e.Namespaces = `a "b" c\d` }),
		}},
		{"all options", `alice valid-before="20270101Z",namespaces="file",valid-after="202601020304Z" ` + edKey, AllowedSigners{
			with(ed(1, 1, "alice"), func(e *Entry) {
				e.Namespaces = "file"
				e.ValidAfter = time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
				e.ValidBefore = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			}),
		}},
		{"a key twice", "alice " + edKey + "\nbob " + edKey + "\n", AllowedSigners{ed(1, 1, "alice"), ed(2, 1, "bob")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseAllowedSigners("f", []byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryKeyTypeMayBeAllowed(t *testing.T) {
	var got []string
	for _, e := range parse(t, "allowed_signers", testdata(t, "allowed_signers")) {
		got = append(got, e.KeyType)
	}
	want := []string{
		"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
		"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "sk-ssh-ed25519@openssh.com",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWrongLines(t *testing.T) {
	const optionsAre = "what stands here is neither an option nor the type of a key"
	rsa := publicText(signer(t, "small rsa"))
	for _, tt := range []struct{ name, src, want string }{
		{"a principal alone", "alice", "f:1:6: the line ends before the key"},
		{"a key alone", edKey, "f:1:13: " + optionsAre},
		{"no key after its type", "alice ssh-ed25519  ", "f:1:20: the line ends before the key"},
		{"no key after the options", `alice namespaces="file" `, "f:1:25: the line ends before the key"},
		{"a type that is not supported", "alice ssh-dss AAAA", "f:1:7: " + optionsAre},
		{"a certificate", "alice ssh-ed25519-cert-v01@openssh.com AAAA", "f:1:7: " + optionsAre},
		{"a key that is not base64", "alice ssh-ed25519 AAAA#", "f:1:19: the key is not in base64"},
		{"a key that is cut off", "alice " + edKey[:len(edKey)-4], "f:1:19: ssh-ed25519 key: short read"},
		{"a key that goes on", "alice " + edKey + "AAAA", "f:1:19: ssh-ed25519 key: trailing junk in public key"},
		{"a key of another type", strings.Replace("alice "+edKey, "ssh-ed25519", "ssh-rsa", 1), "f:1:15: the key is of type ssh-ed25519, not ssh-rsa"},
		{"a small RSA key", "alice " + rsa, "f:1:15: RSA key of 1024 bits, 2048 are the least"},
		{"a certificate authority", "*@example.com cert-authority " + edKey, "f:1:15: certificates are not supported, so that a cert-authority allows nobody"},
		{"a certificate authority with namespaces", `* namespaces="git",Cert-Authority ` + edKey, "f:1:20: certificates are not supported, so that a cert-authority allows nobody"},
		{"an option that ssh-keygen does not have", "alice no-touch-required " + edKey, "f:1:7: " + optionsAre},
		{"an option of authorized_keys", `alice command="sh" ` + edKey, "f:1:7: " + optionsAre},
		{"an option twice", `alice namespaces="git",NAMESPACES="file" ` + edKey, "f:1:24: option namespaces is there twice"},
		{"a value without quotes", "alice namespaces=file " + edKey, "f:1:17: an option has no value in quotes"},
		{"no value", "alice namespaces " + edKey, "f:1:17: an option has no value in quotes"},
		{"a quote that is not closed", `alice namespaces="file ` + edKey, "f:1:18: a quote is not closed"},
		{"a quote that is escaped is not closed", `alice namespaces="file\" ` + edKey, "f:1:18: a quote is not closed"},
		{"a space after a comma", `alice namespaces="git", valid-after="20260101" ` + edKey, "f:1:24: " + optionsAre},
		{"two commas", `alice namespaces="git",,valid-after="20260101" ` + edKey, "f:1:24: " + optionsAre},
		{"a space between options", `alice namespaces="git" valid-after="20260101" ` + edKey, "f:1:24: " + optionsAre},
		{"no space after the options", `alice namespaces="git"` + edKey, "f:1:23: a space is missing after the options"},
		{"a key as an option", `alice namespaces="git",` + edKey, "f:1:24: " + optionsAre},
		{"no namespaces", `alice namespaces="" ` + edKey, "f:1:19: a pattern is empty"},
		{"namespaces that nothing matches", `alice namespaces="!git" ` + edKey, "f:1:19: every pattern has a !, so that nothing matches"},
		{"principals that nobody matches", "!alice,!bob " + edKey, "f:1:1: principals: every pattern has a !, so that nothing matches"},
		{"principals that are taken back", "alice,!alice " + edKey, "f:1:1: principals: pattern 1 matches nothing that no pattern with a ! matches"},
		{"principals that a pattern takes back", "bob,!* " + edKey, "f:1:1: principals: pattern 1 matches nothing that no pattern with a ! matches"},
		{"a principal that is taken back beside a pattern", "a*,!alice,alice " + edKey, "f:1:1: principals: pattern 3 matches nothing that no pattern with a ! matches"},
		{"a pattern that a wider one takes back", "*@acme.example,!*@* " + edKey, "f:1:1: principals: pattern 1 matches nothing that no pattern with a ! matches"},
		{"a pattern that several take back", "a*,!a,!a?* " + edKey, "f:1:1: principals: pattern 1 matches nothing that no pattern with a ! matches"},
		{"everybody but everybody", "*,!?* " + edKey, "f:1:1: principals: pattern 1 matches nothing that no pattern with a ! matches"},
		{"namespaces that are taken back", `alice namespaces="file,!f*" ` + edKey, "f:1:19: pattern 1 matches nothing that no pattern with a ! matches"},
		{"more patterns than are looked at", strings.Repeat("a,", maxPatterns) + "a " + edKey, "f:1:1: principals: more than 32 patterns, or than 1024 bytes of them"},
		{"longer patterns than are looked at", strings.Repeat("a", maxPattern) + ",bb " + edKey, "f:1:1: principals: more than 32 patterns, or than 1024 bytes of them"},
		{
			"more lines for one key than are looked at", strings.Repeat("a "+edKey+"\n", maxPatterns+2),
			"f:33:1: principals: the lines of this key have more than 32 patterns, or than 1024 bytes of them",
		},
		{"a character without width in a name", "al\u200bice " + edKey, "f:1:1: principals: the character U+200B does not show"},
		{"a blank before a name in quotes", "\"security, alice\" " + edKey, `f:1:1: principals: " alice" begins or ends with a blank, which is part of the name`},
		{"a space that is another one", "\"alice\u00a0smith\" " + edKey, "f:1:1: principals: the character U+00A0 does not show"},
		{"a letter that is drawn as nothing", "alice\u3164 " + edKey, "f:1:1: principals: the character U+3164 does not show"},
		{"a mark that turns the direction", "alice\u202e " + edKey, "f:1:6: the line has the character U+202E, which makes text look different from what it is"},
		{"a mark that turns the direction of a comment", "# \u2066alice", "f:1:3: the line has the character U+2066, which makes text look different from what it is"},
		{"an accent that is a character of its own", "jose\u0301 " + edKey, "f:1:1: principals: a letter and its accent are two characters, which have to be one (Unicode's form NFC)"},
		{"a comma at the end of the principals", "alice, " + edKey, "f:1:1: principals: a pattern is empty"},
		{"a ! alone", "*,! " + edKey, "f:1:1: principals: a pattern is empty"},
		{"two !", "*,!!mallory " + edKey, "f:1:1: principals: a pattern begins with two exclamation marks"},
		{"a principal that OpenSSH does not look at", strings.Repeat("a", maxPattern+1) + " " + edKey, "f:1:1: principals: a pattern is longer than 1022 bytes"},
		{"no principals in quotes", `"" ` + edKey, "f:1:1: principals: a pattern is empty"},
		{"principals whose quote is not closed", `"alice ` + edKey, "f:1:1: a quote is not closed"},
		{"a quote inside of the principals", `alice,"bob smith" ` + edKey, "f:1:1: a quote inside of the principals"},
		{"principals after a quote", `"alice",bob ` + edKey, "f:1:1: a quote inside of the principals"},
		{"a time of day without Z", `alice valid-before="202601011200" ` + edKey, "f:1:21: a time of day without Z is local to each machine; write it in UTC, with a Z at its end"},
		{"seconds without Z", `alice valid-after="20260101120000" ` + edKey, "f:1:20: a time of day without Z is local to each machine; write it in UTC, with a Z at its end"},
		{"a day of ISO 8601", `alice valid-after="2026-01-01" ` + edKey, "f:1:20: a time is YYYYMMDD, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ"},
		{"a time of ISO 8601", `alice valid-after="20260101T1200Z" ` + edKey, "f:1:20: a time is YYYYMMDD, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ"},
		{"a time with signs", `alice valid-after="2026+1-1" ` + edKey, "f:1:20: a time is YYYYMMDD, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ"},
		{"a time zone by name", `alice valid-after="20260101UTC" ` + edKey, "f:1:20: a time is YYYYMMDD, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ"},
		{"no time", `alice valid-after="" ` + edKey, "f:1:20: a time is YYYYMMDD, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ"},
		{"a day that is not in the calendar", `alice valid-before="20260229" ` + edKey, "f:1:21: there is no such day or time of day"},
		{"a leap second", `alice valid-before="20261231235960Z" ` + edKey, "f:1:21: there is no such day or time of day"},
		{"a time before all", `alice valid-before="19700101" ` + edKey, "f:1:21: a time is after the beginning of 1970"},
		{"no time between", `alice valid-after="20260101",valid-before="202601010000Z" ` + edKey, "f:1:1: valid-before is not after valid-after"},
		{"a NUL", "alice " + edKey + " \x00", "f:1:88: the line has the control character U+0000"},
		{"a carriage return inside of a comment", "# alice\rmallory " + edKey, "f:1:8: the line has the control character U+000D"},
		{"a byte order mark", "\ufeffalice " + edKey, "f:1:1: the line has a byte order mark"},
		{"Latin-1", "Zo\xeb " + edKey, "f:1:3: the line has what is not UTF-8"},
		{"columns are characters", "Zoë ssh-ed25519 AAAA", "f:1:17: cut off in the key type: 3 bytes are there, 4 are needed"},
		{
			"all at once", "# 1\nalice\nbob " + edKey + "\n,carol namespaces=\"\",cert-authority,valid-after=\"1\" ssh-rsa A\n",
			"f:2:6: the line ends before the key\n" +
				"f:4:1: principals: a pattern is empty\n" +
				"f:4:20: a pattern is empty\n" +
				"f:4:22: certificates are not supported, so that a cert-authority allows nobody\n" +
				"f:4:50: a time is YYYYMMDD, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ\n" +
				"f:4:61: the key is not in base64",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseAllowedSigners("f", []byte(tt.src))
			if err == nil || got != nil {
				t.Fatalf("signers %v, error %v", got, err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"a line that ends early", "alice", "a line is: principals, options if any, type of the key, key"},
		{"an unknown word", "alice ssh-dss AAAA", "options are namespaces, valid-after and valid-before, separated by commas alone; types of keys are ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, ssh-rsa, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com"},
		{"a certificate authority", "* cert-authority " + edKey, "name each key that may sign on a line of its own"},
		{"a value without quotes", "alice namespaces=file " + edKey, `write option="value"`},
		{"a quote in the middle", `a"b" ` + edKey, "put quotes around all principals of the line, or none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseAllowedSigners("f", []byte(tt.src))
			var errs Errors
			if !errors.As(err, &errs) || len(errs) != 1 {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, errs[0].Hint); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilesHaveBounds(t *testing.T) {
	pad := func(n int) string { return strings.Repeat("#", n) }
	full := strings.Repeat(pad(maxLine-1)+"\n", MaxAllowedSigners/maxLine)
	for _, tt := range []struct{ name, src, want string }{
		{"the largest file", full, ""},
		{"one byte more", full + "\n", "f: the file is larger than 1024 KiB"},
		{"the longest line", pad(maxLine), ""},
		{"one byte more on it", pad(maxLine+1) + "\n", "f:1:1: the line is longer than 16 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseAllowedSigners("f", []byte(tt.src))
			if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
				t.Errorf("error %s, want %s", got, tt.want)
			}
		})
	}
	_, err := ParseAllowedSigners("f", []byte(strings.Repeat("a\n", MaxAllowedSigners/2)))
	var errs Errors
	if !errors.As(err, &errs) || len(errs) != maxErrors {
		t.Fatalf("%d errors", len(errs))
	}
	want := "f:100:1: too many errors; what is below this line is not read"
	if got := errs[maxErrors-1].Error(); got != want {
		t.Errorf("the last error is %s", got)
	}
}
