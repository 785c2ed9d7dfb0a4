using System.Text.Json;

namespace Llm42.Receipts;

/// <summary>
/// What a deterministic answer was made from and what it was: enough to run it again elsewhere and to find the first
/// place where another answer comes. A receipt is a checksum, not a signature: it shows damage and careless edits, and
/// whoever rewrites all of it can only be found by running it again.
/// </summary>
/// <param name="Format">"llm42-receipt".</param>
/// <param name="Version">1; 2 if the request has an output format, which earlier engines do not know.</param>
/// <param name="Engine">What ran it.</param>
/// <param name="Model">What answered.</param>
/// <param name="Request">What was asked, with every default filled in.</param>
/// <param name="Output">What was answered.</param>
/// <remarks>
/// <para>
/// As JSON it is one object with these members in this order, names in snake case, nothing else. All digests are
/// SHA-256 in lower-case hexadecimal digits.
/// </para>
/// <para>
/// <c>output.inputs_digest</c>, h[-1], is SHA-256 over E(the object without its member <c>output</c>), where E(value)
/// is one tag byte and what follows it; LE32 is 4 bytes, least significant first:
/// </para>
/// <list type="bullet">
/// <item>null: <c>n</c>; true: <c>t</c>; false: <c>f</c>.</item>
/// <item>a number written with digits and a sign alone: <c>i</c>, LE32 count of its characters, those in ASCII, no sign
/// before 0.</item>
/// <item>any other number: <c>r</c>, its IEEE 754 binary32 bits as LE32.</item>
/// <item>a string: <c>s</c>, LE32 count of bytes, the bytes in UTF-8.</item>
/// <item>an array: <c>a</c>, LE32 count of items, E of each.</item>
/// <item>an object: <c>o</c>, LE32 count of members, and for each, in ascending order of the bytes of the names, E(name)
/// and E(value).</item>
/// </list>
/// <para>
/// h[i] = SHA-256(h[i-1], all 32 bytes of it; LE32 of <c>output.token_ids[i]</c>; LE32 of the binary32 bits of its
/// log-probability, which <c>output.logprob_bits[i]</c> holds as 8 hexadecimal digits, most significant first).
/// <c>output.chain[i]</c> is the first 4 bytes of h[i] in hexadecimal digits, <c>output.digest</c> is the last h in
/// full: h[-1] if there is no token.
/// </para>
/// </remarks>
public sealed record Receipt(
    string Format, int Version, ReceiptEngine Engine, ReceiptModel Model, ReceiptRequest Request, ReceiptOutput Output)
{
    /// <summary>What <see cref="Format"/> must be.</summary>
    public const string FormatName = "llm42-receipt";

    /// <summary>The latest <see cref="Version"/> that is written and read.</summary>
    public const int CurrentVersion = 2;

    /// <summary>Longest receipt that is read, in bytes.</summary>
    public const int MaxSize = 64 << 20;

    /// <summary>The version that says what a request holds: the first that could.</summary>
    internal static int VersionOf(ReceiptRequest request) => request.OutputFormat is null ? 1 : CurrentVersion;

    /// <summary>The receipt as JSON: UTF-8, one line, without a line end.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ReceiptJson.Standard.Receipt);

    /// <summary>Reads a receipt and checks that it is whole.</summary>
    /// <exception cref="ReceiptFormatException">It is not a receipt, of another version, or inconsistent with itself.</exception>
    public static Receipt Parse(ReadOnlySpan<byte> json) => ReceiptReader.Parse(json);

    /// <summary>Reads a receipt from a file and checks that it is whole.</summary>
    /// <exception cref="ReceiptFormatException">It is not a receipt, of another version, or inconsistent with itself.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Receipt Load(string path) => ReceiptReader.Load(path);
}
