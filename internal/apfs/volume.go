package apfs

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/decmpfs"
	"github.com/codewarrant/codewarrant/internal/volume"
)

// Fields of apfs_superblock_t, by their offset ("Volumes").
const (
	volumeMagic     = 0x20
	volumeIncompat  = 0x38
	volumeTreeType  = 0x74
	volumeObjects   = 0x80
	volumeTree      = 0x88
	volumeRevert    = 0xa0
	volumeSnapshots = 0xd8
	volumeFlags     = 0x108
	volumeName      = 0x2c0
	volumeRole      = 0x3c4
	volumeRootTo    = 0x3c8
	volumeRolling   = 0x3d0 // apfs_er_state_oid
	nameLength      = 256   // APFS_VOLNAME_LEN
	magicVolume     = "APSB"

	unencrypted = 0x1 // APFS_FS_UNENCRYPTED
)

// apfs_incompatible_features ("Incompatible Volume Feature Flags"). The last two are not in
// Apple's reference: linux-apfs-rw tells of the first of them that it is for extents behind the
// end of a file, and "APFS Internals" (jtsylve.blog) of the other that it is for
// records of kinds of their own.
const (
	caseInsensitive          = 0x1
	datalessSnapshots        = 0x2
	encryptionRolled         = 0x4
	normalizationInsensitive = 0x8
	incompleteRestore        = 0x10
	sealed                   = 0x20
	preallocatedExtents      = 0x80
	expandedRecords          = 0x200

	featuresRead = caseInsensitive | datalessSnapshots | normalizationInsensitive | preallocatedExtents | expandedRecords
)

// Volume is one file system. It may be read by several at a time.
type Volume struct {
	Name string
	Role uint16 // APFS_VOL_ROLE_ and the like; 0 for none
	// CaseInsensitive is set when names that differ in case are one.
	CaseInsensitive bool
	// Problems are what does not keep the volume from being read: that it has snapshots,
	// which are not.
	Problems []error
	// Err is why nothing of the volume is read, nil when it is.
	Err error
	// Allow is asked before files that are compressed are unpacked, and for what is not stored of one.
	Allow decmpfs.Allow

	c        *Container
	features uint64
	tree     tree
}

func (v *Volume) hashed() bool {
	return v.features&(caseInsensitive|normalizationInsensitive) != 0
}

// openVolume reads the superblock of a volume and the root of its tree.
func (c *Container) openVolume(objects *objectMap, oid uint64) *Volume {
	v := &Volume{c: c}
	if err := v.open(objects, oid); err != nil {
		v.Err = fmt.Errorf("volume %q: %w", v.Name, err)
		if v.Name == "" {
			v.Err = fmt.Errorf("volume of the object %#x: %w", oid, err)
		}
	}
	return v
}

func (v *Volume) open(objects *objectMap, oid uint64) error {
	at, err := objects.find(oid)
	if err != nil {
		return err
	}
	b, err := v.c.readObject(at.block, at.blocks)
	if err != nil {
		return err
	}
	if err := checkHeader(b, oid, typeVolume); err != nil {
		return err
	}
	if string(b[volumeMagic:][:4]) != magicVolume {
		return fmt.Errorf("the magic is %q, not %q", b[volumeMagic:][:4], magicVolume)
	}
	name, _, ended := bytes.Cut(b[volumeName:][:nameLength], []byte{0})
	if !ended || !utf8.Valid(name) {
		return errors.New("the name is not UTF-8 with an end")
	}
	v.Name, v.Role = string(name), le16(b[volumeRole:])
	v.features = le64(b[volumeIncompat:])
	v.CaseInsensitive = v.features&caseInsensitive != 0
	if err := v.readable(b); err != nil {
		return err
	}
	return v.openTree(b)
}

// readable returns what is on the volume that is not read.
func (v *Volume) readable(b []byte) error {
	switch {
	case le64(b[volumeFlags:])&unencrypted == 0:
		return archive.Unsupported("an encrypted volume")
	case v.features&encryptionRolled != 0 || le64(b[volumeRolling:]) != 0:
		return archive.Unsupported("a volume whose encryption was changed")
	case v.features&sealed != 0:
		return archive.Unsupported("a sealed volume")
	case v.features&incompleteRestore != 0:
		return archive.Unsupported("a volume that was not restored completely")
	case v.features&^featuresRead != 0:
		return archive.Unsupported("a volume with the features %#x", v.features&^featuresRead)
	case le64(b[volumeRevert:]) != 0:
		return archive.Unsupported("a volume that is a snapshot when it is next mounted (apfs_revert_to_xid)")
	case le64(b[volumeRootTo:]) != 0:
		return archive.Unsupported("a volume whose root is a snapshot (apfs_root_to_xid)")
	}
	return nil
}

func (v *Volume) openTree(b []byte) error {
	if kind := le32(b[volumeTreeType:]); kind != virtual|typeRoot {
		return fmt.Errorf("a tree of the type %#x, not %#x", kind, virtual|typeRoot)
	}
	objects, err := v.c.openObjectMap(le64(b[volumeObjects:]))
	if err != nil {
		return fmt.Errorf("object map: %w", err)
	}
	v.tree = tree{c: v.c, layout: &plainLayout, subtype: typeFSTree, root: le64(b[volumeTree:]), objects: objects}
	if v.hashed() {
		v.tree.layout = &hashedLayout
	}
	if n := max(le64(b[volumeSnapshots:]), uint64(objects.snapshots)); n > 0 {
		v.Problems = append(v.Problems, archive.Unsupported("what %d snapshots of the volume hold", n))
	}
	if err := v.tree.open(); err != nil {
		return fmt.Errorf("tree: %w", err)
	}
	root, err := v.inode(Root)
	if err == nil && !root.mode.IsDir() {
		err = volume.ErrNoFolder
	}
	if err != nil {
		return fmt.Errorf("root folder: %w", err)
	}
	return nil
}
