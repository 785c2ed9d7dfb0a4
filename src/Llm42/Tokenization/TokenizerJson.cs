using System.Security.Cryptography;
using System.Text.Json;
using Llm42.Tokenization.AddedTokens;
using Llm42.Tokenization.Bpe;
using Llm42.Tokenization.Decoders;
using Llm42.Tokenization.Json;
using Llm42.Tokenization.Normalizers;
using Llm42.Tokenization.PostProcessors;
using Llm42.Tokenization.PreTokenizers;

namespace Llm42.Tokenization;

/// <summary>
/// Reads Hugging Face's tokenizer.json with a BPE model. What a file asks for and this library does not do is
/// refused; "truncation" and "padding" are ignored, as they are by the Python library.
/// </summary>
public static class TokenizerJson
{
    /// <summary>The name of the file in a model directory.</summary>
    public const string FileName = "tokenizer.json";

    private static readonly string[] OtherForms =
        ["tokenizer.model", "vocab.json", "vocab.txt", "merges.txt", "tekken.json", "tiktoken.model", "spiece.model", "sentencepiece.bpe.model"];

    /// <summary>Loads a tokenizer.</summary>
    /// <param name="path">A tokenizer.json file, or the directory that holds one.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="TokenizerFormatException">The file is malformed or not supported; the message names the place.</exception>
    public static BpeTokenizer Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        if (!Path.Exists(file))
        {
            throw new FileNotFoundException(DescribeMissing(file), file);
        }

        return Parse(file, JsonFile.ReadBytes(file));
    }

    /// <summary>Reads a tokenizer from the bytes of a tokenizer.json file.</summary>
    /// <param name="name">What error messages call the file.</param>
    /// <param name="utf8">The contents.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="TokenizerFormatException">The file is malformed or not supported; the message names the place.</exception>
    public static BpeTokenizer Parse(string name, ReadOnlyMemory<byte> utf8)
    {
        using JsonDocument document = JsonFile.Parse(name, utf8);
        var root = new JsonNode(name, "$", document.RootElement);
        string fingerprint = Convert.ToHexStringLower(SHA256.HashData(utf8.Span));
        try
        {
            return Read(root, fingerprint);
        }
        catch (InvalidOperationException exception)
        {
            // The JSON reader's word for escapes and bytes that are not Unicode, wherever they are.
            throw root.Error($"the file holds text that is not valid Unicode: {exception.Message}", exception);
        }
    }

    /// <summary>The error for a missing file, with what to do if another form of tokenizer lies beside it.</summary>
    private static string DescribeMissing(string file)
    {
        string? other = OtherForms.FirstOrDefault(name => File.Exists(Path.Combine(Path.GetDirectoryName(file) ?? "", name)));
        return other is null
            ? $"{file}: there is no such file."
            : $"{file}: there is no such file, and {other} beside it is not read. "
                + $"Write {FileName} with Hugging Face's transformers: AutoTokenizer.from_pretrained(DIRECTORY, use_fast=True).save_pretrained(DIRECTORY).";
    }

    private static BpeTokenizer Read(JsonNode root, string fingerprint)
    {
        JsonNode model = root.Required("model");
        string modelType = model.OptionalString("type") ?? (model.TryGet("merges", out _) ? "BPE" : throw model.Error("the field \"type\" is missing"));
        if (modelType != "BPE")
        {
            throw model.Unsupported("model", modelType, "BPE");
        }

        Dictionary<string, int> modelVocabulary = Vocabulary.ReadModel(model.Required("vocab"));
        List<AddedToken> addedTokens = AddedTokenReader.Read(root);
        Vocabulary vocabulary = Vocabulary.Create(root, modelVocabulary, addedTokens);
        return new BpeTokenizer(
            fingerprint,
            vocabulary,
            addedTokens,
            NormalizerReader.Read(root),
            PreTokenizerReader.Read(root),
            BpeReader.Read(model, modelVocabulary),
            PostProcessorReader.Read(root, vocabulary),
            DecoderReader.Read(root));
    }
}
