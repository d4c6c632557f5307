package macho

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/blacktop/go-macho/types"
)

// thinMagic recognises the four magics of <mach-o/loader.h>.
func thinMagic(b [4]byte) (order binary.ByteOrder, wide, ok bool) {
	switch b {
	case [4]byte{0xce, 0xfa, 0xed, 0xfe}:
		return binary.LittleEndian, false, true
	case [4]byte{0xcf, 0xfa, 0xed, 0xfe}:
		return binary.LittleEndian, true, true
	case [4]byte{0xfe, 0xed, 0xfa, 0xce}:
		return binary.BigEndian, false, true
	case [4]byte{0xfe, 0xed, 0xfa, 0xcf}:
		return binary.BigEndian, true, true
	}
	return nil, false, false
}

// maxBuilds bounds the platforms of a slice; zippered code names two.
const maxBuilds = 16

// IsMagic reports whether a file that begins with these bytes may be a Mach-O file,
// thin or fat. Java class files begin like fat ones.
func IsMagic(b [4]byte) bool {
	_, _, thin := thinMagic(b)
	_, _, fat := fatMagic(b)
	return thin || fat
}

// IsProgram reports whether the slice is the main executable of a process.
func (s *Slice) IsProgram() bool { return s.Type == types.MH_EXECUTE }

// IsLibrary reports whether the slice is loaded into processes by its name, or by a path.
func (s *Slice) IsLibrary() bool { return s.Type == types.MH_DYLIB }

// IsPlugIn reports whether the slice is loaded into processes by a path alone.
func (s *Slice) IsPlugIn() bool { return s.Type == types.MH_BUNDLE }

// IsSignable reports whether the slice is of a type that gets signed: object
// files, stubs, dSYMs and core files never are.
func (s *Slice) IsSignable() bool {
	switch s.Type {
	case types.MH_OBJECT, types.MH_DYLIB_STUB, types.MH_DSYM, types.MH_CORE:
		return false
	}
	return true
}

// foreign are the platforms whose programs have no hardened runtime.
var foreign = map[string]bool{
	"ios": true, "tvos": true, "watchos": true, "bridgeos": true, "visionos": true,
	"ios-simulator": true, "tvos-simulator": true, "watchos-simulator": true, "visionos-simulator": true,
}

// IsForMac reports whether the slice may run as a Mac program: it does not say that
// it is for other platforms and no other.
func (s *Slice) IsForMac() bool {
	return len(s.Builds) == 0 || slices.ContainsFunc(s.Builds, func(b Build) bool { return !foreign[b.Platform] })
}

// read fills in s from its header and load commands.
func (s *Slice) read(r io.ReaderAt) {
	var c commands
	if c, s.Err = s.head(r); s.Err == nil {
		s.Err = s.commands(c)
	}
}

// commands are the load commands of a slice.
type commands struct {
	order binary.ByteOrder // nil: of an archive of object files, which has none
	wide  bool             // the header is of the 64-bit form
	count uint32
	bytes []byte // all of them and nothing else
}

// head reads the header, from which it fills in s, and the load commands.
func (s *Slice) head(r io.ReaderAt) (commands, error) {
	head := make([]byte, min(firstRead, s.Range.Size))
	if err := readFull(r, head, s.Range.Offset, s.Range.Offset+s.Range.Size); err != nil {
		return commands{}, err
	}
	if len(head) < 4 {
		return commands{}, errors.New("the slice is shorter than a magic number")
	}
	order, wide, ok := thinMagic([4]byte(head))
	size := uint64(types.FileHeaderSize32)
	if wide {
		size = types.FileHeaderSize64
	}
	switch {
	case bytes.HasPrefix(head, []byte(arMagic)):
		// A universal static library; object code is not signed.
		s.Type = types.MH_OBJECT
		return commands{}, nil
	case !ok:
		return commands{}, fmt.Errorf("the slice begins with % x, which is no Mach-O magic", head[:4])
	case uint64(len(head)) < size:
		return commands{}, errors.New("the slice ends inside its header")
	}
	s.CPU, s.SubCPU = types.CPU(order.Uint32(head[4:])), types.CPUSubtype(order.Uint32(head[8:]))
	s.Arch = archName(s.CPU, s.SubCPU)
	s.Type = types.HeaderFileType(order.Uint32(head[12:]))
	count, length := order.Uint32(head[16:]), uint64(order.Uint32(head[20:]))
	if length > maxCommands || length > s.Range.Size-size {
		return commands{}, fmt.Errorf("load commands of %d bytes in a slice of %d; the limit is %d", length, s.Range.Size, maxCommands)
	}
	if end := size + length; end > uint64(len(head)) {
		head = make([]byte, end)
		if err := readFull(r, head, s.Range.Offset, s.Range.Offset+s.Range.Size); err != nil {
			return commands{}, err
		}
	}
	return commands{order, wide, count, head[size : size+length]}, nil
}

// each calls f with each load command; b begins with its struct load_command.
func (c commands) each(f func(cmd types.LoadCmd, b []byte) error) error {
	b := c.bytes
	for i := range c.count {
		if len(b) < 8 {
			return fmt.Errorf("load command %d of %d is past the end of the load commands", i+1, c.count)
		}
		cmd, size := types.LoadCmd(c.order.Uint32(b)), c.order.Uint32(b[4:])
		if size < 8 || uint64(size) > uint64(len(b)) {
			return fmt.Errorf("load command %d of %d has size %d where %d bytes are left", i+1, c.count, size, len(b))
		}
		if err := f(cmd, b[:size]); err != nil {
			return fmt.Errorf("load command %d of %d (%s): %w", i+1, c.count, cmd, err)
		}
		b = b[size:]
	}
	return nil
}

// commands takes from the load commands what a slice tells of itself.
func (s *Slice) commands(c commands) error {
	signatures := 0
	var linkedit *uint64 // where the first __LINKEDIT ends
	err := c.each(func(cmd types.LoadCmd, b []byte) error {
		if cmd == types.LC_CODE_SIGNATURE {
			signatures++
		}
		if end, ok := linkeditEnd(cmd, b, c.order); ok && linkedit == nil {
			linkedit = &end
		}
		return s.command(cmd, b, c.order)
	})
	if err != nil {
		return err
	}
	s.checkLinkedit(linkedit)
	if signatures > 1 {
		s.Anomalies = append(s.Anomalies, Anomaly{
			DuplicateSignature,
			fmt.Sprintf("%d LC_CODE_SIGNATURE load commands; the first is read", signatures),
		})
	}
	return nil
}

// segmentOf returns the name of a segment and where it is in the slice, if b is the
// command of one.
func segmentOf(cmd types.LoadCmd, b []byte, order binary.ByteOrder) (name string, r Range) {
	switch {
	case cmd == types.LC_SEGMENT && len(b) >= 40:
		return cString(b[8:24]), Range{uint64(order.Uint32(b[32:])), uint64(order.Uint32(b[36:]))}
	case cmd == types.LC_SEGMENT_64 && len(b) >= 56:
		return cString(b[8:24]), Range{order.Uint64(b[40:]), order.Uint64(b[48:])}
	}
	return "", Range{}
}

// linkeditEnd returns where the segment __LINKEDIT ends, if b is its command.
func linkeditEnd(cmd types.LoadCmd, b []byte, order binary.ByteOrder) (end uint64, ok bool) {
	name, r := segmentOf(cmd, b, order)
	return r.Offset + r.Size, name == "__LINKEDIT"
}

// maxData bounds the segments of data that are kept; code has up to three.
const maxData = 8

// data keeps where a segment of data is.
func (s *Slice) data(cmd types.LoadCmd, b []byte, order binary.ByteOrder) {
	name, r := segmentOf(cmd, b, order)
	if strings.HasPrefix(name, "__DATA") && len(s.Data) < maxData && r.Offset <= s.Range.Size && r.Size <= s.Range.Size-r.Offset {
		s.Data = append(s.Data, r)
	}
}

// checkLinkedit tells of a signature at the end of the slice that __LINKEDIT does not
// reach. Of one that is not at the end, its reader tells.
func (s *Slice) checkLinkedit(end *uint64) {
	if end == nil || s.Signature == nil || s.Signature.Offset+s.Signature.Size != s.Range.Size || *end == s.Range.Size {
		return
	}
	s.Anomalies = append(s.Anomalies, Anomaly{
		LooseLinkedit,
		fmt.Sprintf("the segment __LINKEDIT ends at %d, and the slice with its signature at %d", *end, s.Range.Size),
	})
}

var errShort = errors.New("the command is too short")

func (s *Slice) command(cmd types.LoadCmd, b []byte, order binary.ByteOrder) error {
	switch cmd {
	case types.LC_CODE_SIGNATURE: // struct linkedit_data_command
		if len(b) != 16 {
			// load_code_signature in bsd/kern/mach_loader.c takes no other size.
			return fmt.Errorf("a size of %d bytes instead of 16", len(b))
		}
		sig := Range{uint64(order.Uint32(b[8:])), uint64(order.Uint32(b[12:]))}
		if sig.Offset > s.Range.Size || sig.Size > s.Range.Size-sig.Offset {
			return fmt.Errorf("the signature lies at %d to %d of a slice of %d bytes", sig.Offset, sig.Offset+sig.Size, s.Range.Size)
		}
		if s.Signature == nil {
			s.Signature = &sig
		}
	case types.LC_BUILD_VERSION: // struct build_version_command
		if len(s.Builds) == maxBuilds {
			return fmt.Errorf("more than %d platforms", maxBuilds)
		}
		if len(b) < 24 {
			return errShort
		}
		s.Builds = append(s.Builds, Build{platformName(order.Uint32(b[8:])), version(order.Uint32(b[12:])), version(order.Uint32(b[16:]))})
	case types.LC_VERSION_MIN_MACOSX, types.LC_VERSION_MIN_IPHONEOS, types.LC_VERSION_MIN_TVOS, types.LC_VERSION_MIN_WATCHOS:
		if len(s.Builds) == maxBuilds {
			return fmt.Errorf("more than %d platforms", maxBuilds)
		}
		if len(b) < 16 {
			return errShort
		}
		s.Builds = append(s.Builds, Build{minPlatform(cmd, s.CPU), version(order.Uint32(b[8:])), version(order.Uint32(b[12:]))})
	case types.LC_SEGMENT: // struct segment_command, struct section
		s.data(cmd, b, order)
		return s.segment(b, order, 56, 68, func(sec []byte) Range {
			return Range{uint64(order.Uint32(sec[40:])), uint64(order.Uint32(sec[36:]))}
		})
	case types.LC_SEGMENT_64: // struct segment_command_64, struct section_64
		s.data(cmd, b, order)
		return s.segment(b, order, 72, 80, func(sec []byte) Range {
			return Range{uint64(order.Uint32(sec[48:])), order.Uint64(sec[40:])}
		})
	}
	return nil
}

// segment looks for __TEXT,__info_plist among the sections of a segment, whose
// count is the last field but one of its head.
func (s *Slice) segment(b []byte, order binary.ByteOrder, head, size int, at func([]byte) Range) error {
	if len(b) < head {
		return errShort
	}
	count := uint64(order.Uint32(b[head-8:]))
	if count > uint64(len(b)-head)/uint64(size) {
		return fmt.Errorf("%d sections do not fit", count)
	}
	for i := range int(count) {
		sec := b[head+i*size:]
		if s.InfoPlist != nil || cString(sec[:16]) != "__info_plist" || cString(sec[16:32]) != "__TEXT" {
			continue
		}
		r := at(sec)
		if r.Offset > s.Range.Size || r.Size > s.Range.Size-r.Offset {
			return fmt.Errorf("the section __TEXT,__info_plist lies outside the slice")
		}
		s.InfoPlist = &r
	}
	return nil
}

func cString(b []byte) string {
	name, _, _ := bytes.Cut(b, []byte{0})
	return string(name)
}
