package archive

// formats are those that are told by how a file begins, one a line: the name, where the
// magic number is and what it is, what more a file has to be (nil: nothing), and how it is
// read. What is not read is named here so that it is told. The end of a file tells a zip
// and a disk image, too: see [probe.ends].
//
// Where no specification is cited the magic numbers are those of file(1), and of the
// readers that would open such a file on a Mac: libarchive, which is bsdtar and Archive
// Utility, DiskImages, XADMaster, which is The Unarchiver, and 7-Zip.
var formats = []struct {
	name  string
	at    int64
	magic string
	is    func(*probe) bool
	read  Format
}{
	{"zip", 0, "PK\x03\x04", nil, lists(listZip)},
	{"zip", 0, "PK\x05\x06", nil, lists(listZip)},           // one without entries
	{"zip", 0, "PK\x07\x08PK\x03\x04", nil, lists(listZip)}, // the first part of several (8.5.3)
	{"zip", 0, "PK00PK\x03\x04", nil, lists(listZip)},       // one that became no more than one part (8.5.4)
	{"tar", 257, "ustar", nil, lists(listTar)},
	{"tar", 0, "", isOldTar, lists(listTar)},
	{"cpio", 0, "07070", isCpio, lists(listCpio)},
	{"cpio", 0, "070727", nil, lists(listCpio)}, // of afio
	{"ar", 0, arMagic, nil, lists(listAr)},
	{"xar", 0, "xar!", nil, lists(listXar)},
	{"asar", 0, "\x04\x00\x00\x00", isAsar, lists(listAsar)},

	{"gzip", 0, "\x1f\x8b\x08", nil, unpacks(unpackGzip)},
	{"bzip2", 0, "BZh", isBzip2, unpacks(unpackBzip2)},
	{"xz", 0, xzMagic, nil, unpacks(unpackXZ)},
	{"zstd", 0, "\x28\xb5\x2f\xfd", nil, unpacks(unpackZstd)},
	{"zstd", 1, "\x2a\x4d\x18", isSkippable, unpacks(unpackZstd)},
	{"pbzx", 0, "pbzx", nil, unpacks(unpackPbzx)},

	{"7-Zip", 0, sevenZip, nil, unread},
	{"RAR", 0, "Rar!\x1a\x07", nil, unread},
	{"RAR", 0, "RE~^", nil, unread}, // before 1.5
	{"Microsoft cabinet", 0, "MSCF\x00\x00\x00\x00", nil, unread},
	{"Windows image", 0, "MSWIM\x00\x00\x00", nil, unread},
	{"LHA", 2, "-l", isLHA, unread},
	{"ARJ", 0, "\x60\xea", isARJ, unread},
	{"ACE", 7, "**ACE**", nil, unread},
	{"StuffIt", 0, "SIT!", isStuffIt, unread},
	{"StuffIt", 0, "StuffIt (c)1997-", nil, unread},
	{"StuffIt X", 0, "StuffIt!", nil, unread},
	{"StuffIt X", 0, "StuffIt?", nil, unread},
	{"BinHex", 0, "(This file must be converted with BinHex", nil, unread},
	{"RPM", 0, "\xed\xab\xee\xdb", nil, unread},
	{"WARC", 0, "WARC/", isWARC, unread},
	{"thin ar", 0, "!<thin>\n", nil, unread},
	{"binary cpio", 0, "", isBinaryCpio, unread},
	{"uuencode", 0, "", isUuencode, unread},
	{"Apple Archive", 0, "AA01", nil, unread},
	{"Apple Archive", 0, "YAA1", nil, unread},
	{"Apple Archive, packed", 0, "pbz", isPbz, unread},
	{"Apple Archive, encrypted", 0, "AEA1", nil, unread},
	{"AppleDouble with a program as its resource fork", 0, "\x00\x05\x16\x07", isDoubleProgram, unread},

	{"LZMA", 0, "", isLZMA, unread},
	{"lzip", 0, "LZIP\x00", nil, unread},
	{"lzip", 0, "LZIP\x01", nil, unread},
	{"LZ4", 0, "\x04\x22\x4d\x18", nil, unread},
	{"LZ4", 0, "\x02\x21\x4c\x18", nil, unread}, // as it was before it had frames
	{"LZFSE", 0, "bvx", isLZFSE, unread},
	{"lzop", 0, "\x89LZO\x00\x0d\x0a\x1a\x0a", nil, unread},
	{"lrzip", 0, "LRZI\x00", nil, unread},
	{"GRZip", 0, "GRZipII\x00\x02\x04:)", nil, unread},
	{"compress", 0, "\x1f\x9d", isCompress, unread},
	{"zstd before 1.0", 0, "\xfd\x2f\xb5\x1e", nil, unread},
	{"zstd before 1.0", 1, "\xb5\x2f\xfd", isOldZstd, unread},

	{"disk image", 32769, "CD001", nil, image}, // ISO 9660
	{"disk image", 32769, "BEA01", nil, image}, // UDF, and the descriptors that may be before its own
	{"disk image", 32769, "BOOT2", nil, image},
	{"disk image", 32769, "CDW02", nil, image},
	{"disk image", 32769, "NSR0", nil, image},
	{"disk image", 0, "encrcdsa", nil, image},
	{"disk image", 0, "sprs\x00\x00\x00", nil, image},             // sparse
	{"disk image", 0, "shdw\x00\x00\x00\x01\x00\x00", nil, image}, // ASIF, of macOS 26
	{"disk image", 0, "koly\x00\x00\x00\x04", nil, image},         // whose trailer is in front
	{"disk image", 512, "EFI PART", nil, image},
	{"disk image", 4096, "EFI PART", nil, image},
	{"disk image", 512, "PM", isPartitioned, image},
	{"disk image", 0, "ER", isDriverMap, image},
	{"disk image", 510, "\x55\xaa", isMBR, image},
	{"disk image", 32, "NXSB\x00", nil, image}, // APFS
	{"disk image", 1024, "H+\x00\x04", nil, image},
	{"disk image", 1024, "HX\x00\x05", nil, image},
	{"disk image", 1024, "BD", isHFS, image},
	{"disk image", 3, "EXFAT   \x00", nil, image},
	{"disk image", 3, "NTFS    \x00", nil, image},
	{"disk image", 54, "FAT", isFAT, image},
	{"disk image", 82, "FAT32   ", isFAT, image},
	{"disk image", 0, "", func(p *probe) bool { return IsFAT(p.head) }, image}, // without its name
	{"Disk Copy 4.2", 82, "\x01\x00", isDiskCopy, unread},
	{"MacBinary", 0, "\x00", isMacBinary, unread},
}

const (
	xzMagic  = "\xfd7zXZ\x00"
	sevenZip = "7z\xbc\xaf\x27\x1c"
)

// HeadSize is how much of the beginning of a file tells its format, in bytes: the
// descriptors of an ISO 9660 image begin behind 32 KiB.
const HeadSize = 33 << 10

// unread are formats of which it is only told that they are there.
var unread = Format{Opaque: true}

// image is a disk, which package udif reads, and others the file systems on it.
var image = Format{Image: true}

func lists(list lister) Format { return Format{List: list} }

func unpacks(unpack unpacker) Format { return Format{Unpack: unpack} }
