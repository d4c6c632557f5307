package scan

import (
	"fmt"
	"io"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// maxInfoPlist bounds an Info.plist inside of a program, in bytes; real ones have
// a few KiB.
const maxInfoPlist = 1 << 20

// readBinary reads all slices of one file and what they are signed with.
func readBinary(item *artifact.Item) (check.Binary, error) {
	f, err := macho.Read(item, item.Size)
	if err != nil {
		return check.Binary{}, err
	}
	b := check.Binary{
		Paths: []string{item.Path}, Inside: []string{item.Inside},
		Bundle: bundle(item.Bundle), Main: item.Main,
		Size: item.Size, Fat: f.Fat, Anomalies: f.Anomalies,
	}
	if item.Outer != nil {
		b.Outer = item.Outer.Path
	}
	for _, s := range f.Slices {
		b.Slices = append(b.Slices, readSlice(item, s))
	}
	return b, nil
}

func bundle(b *artifact.Bundle) *check.Bundle {
	if b == nil {
		return nil
	}
	return &check.Bundle{Path: b.Path, Kind: b.Kind, Identifier: b.Identifier, Version: b.Version, ShortVersion: b.ShortVersion}
}

func readSlice(item *artifact.Item, s macho.Slice) check.Slice {
	slice := check.Slice{Slice: s}
	if s.Err != nil || s.Signature == nil {
		return slice
	}
	if slice.Signature, slice.SignatureErr = codesign.Read(item, s); slice.SignatureErr != nil {
		return slice
	}
	info, err := infoPlist(item, s)
	if err != nil {
		slice.Signature, slice.SignatureErr = nil, err
		return slice
	}
	slice.InfoPlist = slice.Signature.InfoPlist(info)
	return slice
}

// infoPlist returns the bytes that special slot 1 is to bind: of the bundle whose
// main executable this is, else of the section in the slice. Security.framework
// takes them from the BundleDiskRep or the MachORep in the same way
// (component(cdInfoSlot) in bundlediskrep.cpp and machorep.cpp).
func infoPlist(item *artifact.Item, s macho.Slice) ([]byte, error) {
	if item.Main && item.Bundle.InfoPath != "" {
		return item.Bundle.InfoPlist, nil
	}
	if s.InfoPlist == nil {
		return nil, nil
	}
	if s.InfoPlist.Size > maxInfoPlist {
		return nil, fmt.Errorf("an Info.plist of %d bytes in the code; the limit is %d", s.InfoPlist.Size, maxInfoPlist)
	}
	b := make([]byte, s.InfoPlist.Size)
	if _, err := io.ReadFull(io.NewSectionReader(item, int64(s.Range.Offset+s.InfoPlist.Offset), int64(len(b))), b); err != nil {
		return nil, fmt.Errorf("read the Info.plist in the code: %w", err)
	}
	return b, nil
}
