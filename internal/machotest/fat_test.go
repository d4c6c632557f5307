package machotest_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	macho "github.com/blacktop/go-macho"
	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

func TestFatFileIsWellFormedToAnIndependentReader(t *testing.T) {
	f, err := macho.NewFatFile(bytes.NewReader(machotest.Fat{Slices: []machotest.Slice{
		{Binary: machotest.Binary{CPU: machotest.CPUX86_64, Signature: &machotest.Signature{Identifier: "intel"}}},
		{Binary: machotest.Binary{Signature: &machotest.Signature{Identifier: "arm"}}},
	}}.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	type arch struct {
		CPU, Offset uint32
		ID          string
	}
	var got []arch
	for _, a := range f.Arches {
		got = append(got, arch{uint32(a.FatArchHeader.CPU), a.Offset, a.CodeSignature().CodeDirectories[0].ID})
	}
	want := []arch{{machotest.CPUX86_64, 0x4000, "intel"}, {machotest.CPUArm64, 0xc000, "arm"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFatHeaders(t *testing.T) {
	raw := machotest.Slice{Raw: []byte("raw"), Align: 5}
	for _, test := range []struct {
		name string
		fat  machotest.Fat
		want string // the whole file
	}{
		{
			name: "no slices",
			want: "cafebabe 00000000",
		},
		{
			name: "one slice of 32 bits",
			fat:  machotest.Fat{Slices: []machotest.Slice{raw}},
			want: "cafebabe 00000001 0100000c 00000000 00000040 00000003 00000005" +
				"0000000000000000 0000000000000000 0000000000000000 0000000000000000 00000000 726177",
		},
		{
			name: "one slice of 64 bits",
			fat:  machotest.Fat{Slices: []machotest.Slice{raw}, Wide: true},
			want: "cafebabf 00000001 0100000c 00000000 0000000000000040 0000000000000003 00000005 00000000" +
				"0000000000000000 0000000000000000 0000000000000000 726177",
		},
		{
			name: "the other byte order, a count that hides the slice, an architecture that lies, bytes after the end",
			fat: machotest.Fat{
				Slices: []machotest.Slice{raw},
				Little: true,
				NFat:   new(uint32(0)),
				Arch: func(a []machotest.FatArch) []machotest.FatArch {
					a[0].CPU, a[0].Offset = machotest.CPUX86_64, 0x10
					return append(a, a[0])
				},
				TrailingBytes: []byte("!"),
			},
			want: "bebafeca 00000000 07000001 00000000 10000000 03000000 05000000" +
				"07000001 00000000 10000000 03000000 05000000" +
				"0000000000000000 0000000000000000 726177 21",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			want, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(test.want), []byte(" "), nil)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, test.fat.Bytes()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
