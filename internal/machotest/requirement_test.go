package machotest_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// The content of Apple's marker OIDs, 1.2.840.113635.100.6.*.
const (
	appStore      = "\x2a\x86\x48\x86\xf7\x63\x64\x06\x01\x09"
	developerID   = "\x2a\x86\x48\x86\xf7\x63\x64\x06\x01\x0d"
	developerIDCA = "\x2a\x86\x48\x86\xf7\x63\x64\x06\x02\x06"
)

// What codesign wrote into node 22.23.2 and terminal-notifier 1.2.1.
func TestRequirementsAreThoseOfRealSignatures(t *testing.T) {
	op := machotest.Operation
	and := func(left, right []byte) []byte { return op(6, left, right) }
	for name, row := range map[string]struct {
		designated []byte
		want       string
	}{
		"operations that group to the right": {
			and(op(2, "node"), and(op(15), and(op(14, 1, developerIDCA, op(0)),
				and(op(14, 0, developerID, op(0)), op(11, 0, "subject.OU", op(1, "HX7739G8FX")))))),
			`fade0c01 000000a4 00000001 00000003 00000014 fade0c00 00000090 00000001
			00000006 00000002 00000004 6e6f6465 00000006 0000000f
			00000006 0000000e 00000001 0000000a 2a864886f763640602060000 00000000
			00000006 0000000e 00000000 0000000a 2a864886f7636406010d0000 00000000
			0000000b 00000000 0000000a 7375626a6563742e4f550000 00000001 0000000a 485837373339473846580000`,
		},
		"operations that group to the left, as a compiler has them": {
			compile(t, `anchor apple generic and identifier "nl.superalloy.oss.terminal-notifier" and
				(certificate leaf[field.1.2.840.113635.100.6.1.9] /* exists */ or
				certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and
				certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and certificate leaf[subject.OU] = QNEGD373G7)`),
			`fade0c01 000000e4 00000001 00000003 00000014 fade0c00 000000d0 00000001
			00000006 00000006 0000000f 00000002 00000023
			6e6c2e7375706572616c6c6f792e6f73732e7465726d696e616c2d6e6f74696669657200
			00000007 0000000e 00000000 0000000a 2a864886f763640601090000 00000000
			00000006 00000006 0000000e 00000001 0000000a 2a864886f763640602060000 00000000
			0000000e 00000000 0000000a 2a864886f7636406010d0000 00000000
			0000000b 00000000 0000000a 7375626a6563742e4f550000 00000001 0000000a 514e45474433373347370000`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			payload := machotest.Requirements(map[uint32][]byte{machotest.DesignatedRequirement: row.designated})
			want := strings.Join(strings.Fields(row.want), "")
			if diff := cmp.Diff(want, hex.EncodeToString(machotest.RequirementsBlob(payload))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func compile(t *testing.T, source string) []byte {
	t.Helper()
	out, err := machotest.CompileRequirement(source)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCompileRequirement(t *testing.T) {
	op := machotest.Operation
	for source, want := range map[string][]byte{
		`always or never and ! anchor apple`:         op(7, op(1), op(6, op(0), op(9, op(3)))),
		`(always or never) and identifier "a \"b\""`: op(6, op(7, op(1), op(0)), op(2, `a "b"`)),

		`cdhash H"00ff"`:                           op(8, "\x00\xff"),
		`anchor = H"01" or anchor trusted`:         op(7, op(4, -1, "\x01"), op(13)),
		`certificate -2 trusted or (name)`:         op(7, op(12, -2), op(19, "name")),
		`anchor apple x and info[a.b] absent`:      op(6, op(18, "x"), op(10, "a.b", op(14))),
		`entitlement["a-b"] = *x or platform = 7`:  op(7, op(16, "a-b", op(4, "x")), op(20, 7)),
		`certificate root[policy.1.2.3] ~ 0x2021`:  op(17, -1, "\x2a\x03", op(2, " !")),
		`certificate 2[timestamp.2.999] >= x`:      op(22, 2, "\x88\x37", op(8, "x")),
		`info[a] < x or info[a] > x or notarized`:  op(7, op(7, op(10, "a", op(5, "x")), op(10, "a", op(6, "x"))), op(21)),
		`info[a] <= x and info[a] = x* and legacy`: op(6, op(6, op(10, "a", op(7, "x")), op(10, "a", op(3, "x"))), op(23)),
	} {
		t.Run(source, func(t *testing.T) {
			if diff := cmp.Diff(want, compile(t, source)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, source := range []string{
		``, `identifier`, `identifier and`, `identifier 7x`, `always always`, `(always`, `always and`, `info[a`, `x`,
		`cdhash H"0"`, `certificate x trusted`, `certificate leaf[field.x]`,
	} {
		t.Run("not "+source, func(t *testing.T) {
			if out, err := machotest.CompileRequirement(source); err == nil {
				t.Errorf("compiled to %x", out)
			}
		})
	}
}
