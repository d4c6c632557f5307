package udif

import "io"

// FileSystem returns the name of the file system that begins with the first byte of r:
// HFS+, HFSX, HFS, APFS, ISO 9660, UDF, FAT, exFAT, NTFS; empty for none that is known. Of
// several the first counts that is found: see [FileSystems].
func FileSystem(r io.ReaderAt, size int64) string {
	if all := FileSystems(r, size); len(all) > 0 {
		return all[0]
	}
	return ""
}

// FileSystems returns the names of all file systems that may begin with the first byte of
// r. They have their superblocks in different places, and macOS asks first for the one that the
// type of the partition says (FSMediaTypes in the Info.plist of each): of more than one it is not
// known which is mounted.
func FileSystems(r io.ReaderAt, size int64) (all []string) {
	d := disk{r: r, size: size}
	if b := d.at(0, sector); b != nil {
		if string(b[32:36]) == "NXSB" {
			all = append(all, "APFS")
		}
		if isNTFS(b) {
			all = append(all, "NTFS")
		}
		if isExFAT(b) {
			all = append(all, "exFAT")
		}
		if isFAT(b) {
			all = append(all, "FAT")
		}
	}
	if b := d.at(1024, sector); b != nil {
		switch {
		case string(b[:2]) == "H+":
			all = append(all, "HFS+")
		case string(b[:2]) == "HX":
			all = append(all, "HFSX")
		case string(b[:2]) == "BD" && string(b[124:126]) == "H+":
			all = append(all, "HFS+")
		case string(b[:2]) == "BD":
			all = append(all, "HFS")
		}
	}
	if name := d.disc(); name != "" {
		all = append(all, name)
	}
	return all
}

// disc returns the name of the file system of a disc, by the descriptors from the sector 16 on: those of UDF
// follow those of ISO 9660, or others (ECMA-167, 2/8.3 and 2/9).
func (d *disk) disc() (name string) {
	const first, most, block = 32768, 64, 2048
	for n := range int64(most) {
		b := d.at(first+block*n, sector)
		if b == nil {
			return name
		}
		switch string(b[1:6]) {
		case "CD001":
			return "ISO 9660"
		case "BEA01", "NSR02", "NSR03":
			return "UDF"
		case "BOOT2", "CDW02", "TEA01":
			name = "UDF" // or what is not known
		default:
			return name
		}
	}
	return name
}
