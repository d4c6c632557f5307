package scan

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/boundedplist"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/seal"
)

// maxInfoPlist bounds an Info.plist inside of a program, in bytes, as that of a
// bundle is bounded.
const maxInfoPlist = boundedplist.MaxSize

// patience bounds the time that is spent on one file. A core hashes far over 100
// MiB a second, so that it is enough for files of tens of gigabytes.
const patience = 5 * time.Minute

// maxFile bounds what is kept of one file, in bytes as [costOf] counts them. Real
// programs stay under 100 KiB, and so does what is found of most bundles.
const maxFile = 16 << 20

// readBinary reads all slices of one file and what they are signed with.
func readBinary(ctx context.Context, item *artifact.Item, l view) (check.Binary, error) {
	v := l.verifier
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	f, err := macho.Read(item, item.Size)
	if err != nil {
		return check.Binary{}, err
	}
	b := check.Binary{
		Paths: []string{item.Path}, Inside: []string{item.Inside},
		Bundle: bundle(item.Bundle), Main: item.Main, Given: item.Given, Part: item.Part,
		Size: item.Size, Fat: f.Fat, Anomalies: f.Anomalies,
	}
	if item.Outer != nil {
		b.Outer = item.Outer.Path
	}
	for _, s := range f.Slices {
		var slice check.Slice
		if l.evidence && hasCode(s) {
			code := evidence.NewReader(item, s)
			slice = readSlice(ctx, item, code, s, v)
			slice.Code = code.Code(ctx)
		} else {
			slice = readSlice(ctx, item, item, s, v)
		}
		b.Slices = append(b.Slices, slice)
		if err := tooMuch(b); err != nil {
			return check.Binary{}, err
		}
	}
	if l.evidence && item.Main {
		readScripts(item.Bundle, b.Slices)
	}
	if v != nil && slices.ContainsFunc(b.Slices, func(s check.Slice) bool { return s.IsProgram() }) {
		b.Provisioning = readProfile(item, b.Slices, v)
	}
	switch {
	case v != nil && item.Main:
		readSeal(ctx, item.Bundle, &b)
	case v != nil:
		bindResources(&b, nil)
	}
	return b, tooMuch(b)
}

// tooMuch returns an error for a binary of which more was found than is kept.
func tooMuch(b check.Binary) error {
	if costOf(Result{Binaries: []check.Binary{b}}) > maxFile {
		return fmt.Errorf("what was found in it takes more than the %d MiB of memory that there are for one file", maxFile>>20)
	}
	return nil
}

// readSeal compares the other files of a bundle with what its main executable
// seals. Where that is not signed nothing is sealed; only the folder around the
// versions of a framework is looked at then.
func readSeal(ctx context.Context, bundle *artifact.Bundle, b *check.Binary) {
	if f := bundle.Framework(); f != nil {
		b.Framework = &check.Framework{Path: f.Path, Seal: seal.Verify(ctx, f, "")}
	}
	signed := slices.ContainsFunc(b.Slices, func(s check.Slice) bool { return s.Signature != nil })
	if !signed && bundle.Kind != "framework" {
		return
	}
	r := seal.Verify(ctx, bundle, bundle.Main())
	if r.Versioned { // the executable is a copy of one below Versions
		b.Framework = &check.Framework{Path: bundle.Path, Seal: r}
		return
	}
	if !signed {
		return
	}
	bindResources(b, r.CodeResources)
	r.CodeResources = nil
	b.Seal = &r
}

// bindResources compares a CodeResources, nil for none, with what the slices bind.
func bindResources(b *check.Binary, content []byte) {
	for i := range b.Slices {
		if s := &b.Slices[i]; s.Signature != nil {
			s.Resources = s.Signature.CodeResources(content)
		}
	}
}

func bundle(b *artifact.Bundle) *check.Bundle {
	if b == nil {
		return nil
	}
	return &check.Bundle{Path: b.Path, Kind: b.Kind, Info: check.Info{Identifier: b.Identifier, Version: b.Version, ShortVersion: b.ShortVersion}}
}

// readSlice reads a slice of an item and what it is signed with. What is hashed is read from r.
func readSlice(ctx context.Context, item *artifact.Item, r io.ReaderAt, s macho.Slice, v *codesign.Verifier) check.Slice {
	slice := check.Slice{Slice: s}
	if s.Err != nil || s.Signature == nil {
		return slice
	}
	if v == nil {
		slice.Signature, slice.SignatureErr = codesign.Read(item, s)
	} else {
		slice.Signature, slice.SignatureErr = v.Read(ctx, r, s)
	}
	if slice.SignatureErr != nil {
		return slice
	}
	own, err := ownInfoPlist(item, s)
	if err != nil {
		slice.Signature.Problems = append(slice.Signature.Problems,
			codesign.Problem{Kind: codesign.Unverified, Slot: 1, Detail: err.Error()})
		return slice
	}
	if own != nil {
		slice.Info = readInfo(own, slice.Signature)
	}
	// Slot 1 binds the Info.plist of the bundle whose main executable this is, else
	// the section in the slice. Security.framework takes them from the BundleDiskRep
	// or the MachORep in the same way (component(cdInfoSlot) in bundlediskrep.cpp and
	// machorep.cpp).
	if item.Main && item.Bundle.InfoPath != "" {
		own = item.Bundle.InfoPlist
	}
	slice.InfoPlist = slice.Signature.InfoPlist(own)
	return slice
}

// hasCode reports whether a slice has code that Macs run, and that is loaded into processes.
func hasCode(s macho.Slice) bool {
	return s.Err == nil && s.IsForMac() && (s.IsProgram() || s.IsLibrary() || s.IsPlugIn())
}

// readInfo reads what an Info.plist inside of the code says.
func readInfo(b []byte, sig *codesign.Signature) *check.Info {
	var info struct {
		Identifier   string `plist:"CFBundleIdentifier"`
		Version      string `plist:"CFBundleVersion"`
		ShortVersion string `plist:"CFBundleShortVersionString"`
	}
	if err := boundedplist.Unmarshal(b, &info); err != nil {
		sig.Problems = append(sig.Problems,
			codesign.Problem{Kind: codesign.Unusual, Slot: 1, Detail: "the Info.plist in the code: " + err.Error()})
		return nil
	}
	return &check.Info{Identifier: info.Identifier, Version: info.Version, ShortVersion: info.ShortVersion}
}

// ownInfoPlist returns the bytes of the section __TEXT,__info_plist, nil when there
// is none.
func ownInfoPlist(item *artifact.Item, s macho.Slice) ([]byte, error) {
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
