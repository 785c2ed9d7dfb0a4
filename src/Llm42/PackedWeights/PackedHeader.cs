using System.Buffers.Binary;
using System.Text;
using Llm42.Native;

namespace Llm42.PackedWeights;

/// <summary>
/// What stands in front of packed weights. A prefix of <see cref="PrefixSize"/> bytes: the magic word, the version, the
/// size of the header, the size of the file, the checksum of the header, zeros, all little-endian. Then the header: the
/// digest of the weights that were packed, the profile, the sections. Each section begins at a multiple of
/// <see cref="Alignment"/>.
/// </summary>
/// <param name="WeightsDigest">SHA-256 of the weights as <see cref="Weights.WeightDigest"/> defines it, 32 bytes.</param>
/// <param name="Profile">What was packed into which forms.</param>
/// <param name="Sections">The matrices, in the order in which a model is loaded.</param>
/// <param name="FileSize">Bytes of the whole file.</param>
internal sealed record PackedHeader(byte[] WeightsDigest, string Profile, IReadOnlyList<PackedSection> Sections, long FileSize)
{
    public const int PrefixSize = 64;
    public const int Alignment = 4096;
    public const int DigestSize = 32;

    private const int Version = 1;
    private const int MaxHeaderSize = 64 << 20;

    private static ReadOnlySpan<byte> Magic => "LLM42PKD"u8;

    /// <summary>Where a section may begin that comes behind so many bytes.</summary>
    public static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    /// <summary>Bytes that prefix and header take.</summary>
    public static int SizeOf(byte[] digest, string profile, IReadOnlyList<PackedSection> sections) =>
        PrefixSize + Body(new PackedHeader(digest, profile, sections, 0)).Length;

    /// <summary>Prefix and header.</summary>
    public byte[] ToBytes()
    {
        var body = Body(this);
        var bytes = new byte[PrefixSize + body.Length];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), body.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), FileSize);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(24), PackedChecksum.Of(body));
        body.CopyTo(bytes, PrefixSize);
        return bytes;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="length">Bytes that the file has.</param>
    /// <param name="read">Reads bytes of the file, all or none.</param>
    /// <exception cref="PackedFileException">It is foreign, damaged, cut off or of another version.</exception>
    public static PackedHeader Read(long length, Action<long, byte[]> read)
    {
        if (length < PrefixSize)
            throw new PackedFileException($"has {length} bytes, fewer than its prefix.");
        var prefix = new byte[PrefixSize];
        read(0, prefix);
        if (!prefix.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            throw new PackedFileException("is not a file of packed weights.");
        var version = BinaryPrimitives.ReadInt32LittleEndian(prefix.AsSpan(8));
        if (version != Version)
            throw new PackedFileException($"is of version {version}; this build reads version {Version}.");
        var fileSize = BinaryPrimitives.ReadInt64LittleEndian(prefix.AsSpan(16));
        if (fileSize != length)
            throw new PackedFileException($"has {length} bytes; {fileSize} were written.");
        var size = BinaryPrimitives.ReadInt32LittleEndian(prefix.AsSpan(12));
        if (size is < 0 or > MaxHeaderSize || size > length - PrefixSize)
            throw new PackedFileException($"has a header of {size} bytes, which cannot be.");
        var body = new byte[size];
        read(PrefixSize, body);
        if (PackedChecksum.Of(body) != BinaryPrimitives.ReadUInt128LittleEndian(prefix.AsSpan(24)))
            throw new PackedFileException("has a damaged header: its checksum is another.");
        try
        {
            return Parse(body, fileSize);
        }
        catch (Exception error) when (error is IOException or FormatException or ArgumentException)
        {
            throw new PackedFileException($"has a malformed header: {error.Message}", error);
        }
    }

    private static byte[] Body(PackedHeader header)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(header.WeightsDigest);
        writer.Write(header.Profile);
        writer.Write(header.Sections.Count);
        foreach (var (name, shape, offset, checksums) in header.Sections)
        {
            writer.Write(name);
            writer.Write((int)shape.Format);
            writer.Write((int)shape.Layout);
            writer.Write(shape.Columns);
            writer.Write(shape.Rows);
            writer.Write(shape.Groups);
            writer.Write(shape.Size);
            writer.Write(shape.Packing);
            writer.Write(offset);
            foreach (var checksum in checksums)
            {
                writer.Write((ulong)checksum);
                writer.Write((ulong)(checksum >> 64));
            }
        }
        return stream.ToArray();
    }

    private static PackedHeader Parse(byte[] body, long fileSize)
    {
        using var reader = new BinaryReader(new MemoryStream(body), Encoding.UTF8);
        var digest = reader.ReadBytes(DigestSize);
        var profile = reader.ReadString();
        var count = reader.ReadInt32();
        var sections = new List<PackedSection>();
        for (var i = 0; i < count; i++)
        {
            var name = reader.ReadString();
            var shape = new NativeWeightShape(
                (DType)reader.ReadInt32(), (WeightLayout)reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64(),
                reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt32());
            var offset = reader.ReadInt64();
            // No more checksums are made room for than there are bytes left of the header.
            if (shape.Size < 1 || offset < 0 || offset > fileSize - shape.Size
                || PackedSection.ChunksOf(shape.Size) > (reader.BaseStream.Length - reader.BaseStream.Position) / PackedChecksum.Size)
                throw new FormatException($"section \"{name}\" lies outside the file.");
            var checksums = new UInt128[PackedSection.ChunksOf(shape.Size)];
            for (var chunk = 0; chunk < checksums.Length; chunk++)
            {
                var low = reader.ReadUInt64();
                checksums[chunk] = new UInt128(reader.ReadUInt64(), low);
            }
            sections.Add(new PackedSection(name, shape, offset, checksums));
        }
        return new PackedHeader(digest, profile, sections, fileSize);
    }
}
