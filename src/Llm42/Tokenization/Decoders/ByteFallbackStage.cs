using System.Globalization;
using System.Text;

namespace Llm42.Tokenization.Decoders;

/// <summary>
/// ByteFallback: a run of tokens such as &lt;0xE2&gt; becomes the text of its bytes if they are valid UTF-8, and one
/// U+FFFD for each of them if not. A run is therefore final only when it ends.
/// </summary>
internal sealed class ByteFallbackStage : TokenStage
{
    private List<byte> _run = [];

    public override void End()
    {
        WriteRun();
        Next!.End();
    }

    public override TokenContent Map(TokenContent token) =>
        TryReadByte(token.Text, out byte value) ? token with { Bytes = [value] } : token;

    protected override void WriteToken(ReadOnlySpan<char> token)
    {
        if (TryReadByte(token, out byte value))
        {
            _run.Add(value);
            return;
        }

        WriteRun();
        Next!.Write(token, endsToken: true);
    }

    protected override void CopyBuffers()
    {
        base.CopyBuffers();
        _run = [.. _run];
    }

    private static bool TryReadByte(ReadOnlySpan<char> token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x") && token[5] == '>'
            && byte.TryParse(token[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private void WriteRun()
    {
        if (_run.Count == 0)
        {
            return;
        }

        byte[] bytes = [.. _run];
        _run.Clear();
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            Next!.Write(Encoding.UTF8.GetString(bytes), endsToken: true);
            return;
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            Next!.Write("\uFFFD", endsToken: true);
        }
    }
}
