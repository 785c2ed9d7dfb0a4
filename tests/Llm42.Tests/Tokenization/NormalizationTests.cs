using System.Security.Cryptography;
using System.Text;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tests.Tokenization;

[TestClass]
public sealed class NormalizationTests
{
    [TestMethod]
    [DataRow("e\u0301", "\u00e9", "e\u0301", "\u00e9", "e\u0301", DisplayName = "letter and accent")]
    [DataRow("\u212b", "\u00c5", "A\u030a", "\u00c5", "A\u030a", DisplayName = "singleton")]
    [DataRow("\ufb01", "\ufb01", "\ufb01", "fi", "fi", DisplayName = "ligature")]
    [DataRow("\u1e9b\u0323", "\u1e9b\u0323", "\u017f\u0323\u0307", "\u1e69", "s\u0323\u0307", DisplayName = "reordered marks")]
    [DataRow("\uac01", "\uac01", "\u1100\u1161\u11a8", "\uac01", "\u1100\u1161\u11a8", DisplayName = "Hangul")]
    [DataRow("\u1100\u1161\u11a8", "\uac01", "\u1100\u1161\u11a8", "\uac01", "\u1100\u1161\u11a8", DisplayName = "Hangul letters")]
    [DataRow("\u0958", "\u0915\u093c", "\u0915\u093c", "\u0915\u093c", "\u0915\u093c", DisplayName = "composition exclusion")]
    [DataRow("\u0344", "\u0308\u0301", "\u0308\u0301", "\u0308\u0301", "\u0308\u0301", DisplayName = "non-starter decomposition")]
    [DataRow("\ud834\udd5e", "\ud834\udd57\ud834\udd65", "\ud834\udd57\ud834\udd65", "\ud834\udd57\ud834\udd65", "\ud834\udd57\ud834\udd65", DisplayName = "beyond the basic plane")]
    [DataRow("\ud804\udc99\ud804\udcba", "\ud804\udc9a", "\ud804\udc99\ud804\udcba", "\ud804\udc9a", "\ud804\udc99\ud804\udcba", DisplayName = "composition beyond the basic plane")]
    [DataRow("a\u0315\u0300\u05ae\u0300b", "\u00e0\u05ae\u0300\u0315b", "a\u05ae\u0300\u0300\u0315b", "\u00e0\u05ae\u0300\u0315b", "a\u05ae\u0300\u0300\u0315b", DisplayName = "blocked and reordered")]
    public void Known_texts_have_their_normal_forms(string text, string nfc, string nfd, string nfkc, string nfkd)
    {
        Assert.AreEqual(nfc, UnicodeNormalization.Normalize(text, compatibility: false, compose: true));
        Assert.AreEqual(nfd, UnicodeNormalization.Normalize(text, compatibility: false, compose: false));
        Assert.AreEqual(nfkc, UnicodeNormalization.Normalize(text, compatibility: true, compose: true));
        Assert.AreEqual(nfkd, UnicodeNormalization.Normalize(text, compatibility: true, compose: false));
    }

    // The digests are those of the Rust library (npm package tokenizers 0.23.2), which has Unicode 9's tables.
    [TestMethod]
    [DataRow(false, true, "9cc65524a9d8082bf10840c616cd199bd2ac12ee49a3381bd6fb7957711f342b", DisplayName = "NFC")]
    [DataRow(false, false, "34c986f61cb6f6d682995fecf92e27dccdcd867a8eb8358cb155ab1047757fa1", DisplayName = "NFD")]
    [DataRow(true, true, "6a3e30f0f9aef6e699678c0600f1f19eca47f536f8da1f9b8c7725d4341f1cc5", DisplayName = "NFKC")]
    [DataRow(true, false, "b13d7cf200216bf8a1994ee254dd770e4263e5ec5bbc2cc056a58baa4b647b3e", DisplayName = "NFKD")]
    public void Every_character_has_its_normal_form(bool compatibility, bool compose, string digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int value = 0; value <= 0x10FFFF; value++)
        {
            if (Rune.IsValid(value))
            {
                string form = UnicodeNormalization.Normalize(char.ConvertFromUtf32(value), compatibility, compose);
                hash.AppendData(Encoding.UTF8.GetBytes(form + "\n"));
            }
        }

        Assert.AreEqual(digest, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    [TestMethod]
    public void A_long_run_of_marks_is_sorted_and_kept()
    {
        var random = new Random(7);
        string marks = string.Create(200_000, random, static (span, source) =>
        {
            foreach (ref char mark in span)
            {
                mark = (char)(0x300 + source.Next(0x34));
            }
        });

        string once = UnicodeNormalization.Normalize("a" + marks, compatibility: false, compose: false);

        Assert.AreEqual(marks.Length + 1, once.Length);
        Assert.IsTrue(once == UnicodeNormalization.Normalize(once, compatibility: false, compose: false), "not stable (random seed 7)");
    }

    // What follows or precedes a character can change its form; a part that is normalized by itself must not miss it.
    [TestMethod]
    public void A_text_has_the_form_of_its_whole()
    {
        string[] parts = ["a", "e", " ", "\u00e9", "\u0301", "\u0323", "\u0327", "\u0345", "\u1100", "\u1161", "\u11a8", "\uac00", "\uac01",
            "\u0958", "\u0915", "\u093c", "\u1e9b", "\ufb01", "\u201c", "\u4e2d", "\u212b", "\ud834\udd5e", "\ud834\udd65", "\u0f73", "\u0344",
            "\u09c7", "\u09be", "\u1ebf", "\u0fb2", "\u0f81", "\u0c46", "\u0c56"];
        var random = new Random(11);
        for (int i = 0; i < 4000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => parts[random.Next(parts.Length)]));
            foreach ((bool compatibility, bool compose) in ((bool, bool)[])[(false, false), (false, true), (true, false), (true, true)])
            {
                var whole = new StringBuilder();
                UnicodeNormalization.AppendNormalized(text, compatibility, compose, whole);
                Assert.AreEqual(
                    whole.ToString(),
                    UnicodeNormalization.Normalize(text, compatibility, compose),
                    $"{string.Join(' ', text.EnumerateRunes().Select(rune => $"{rune.Value:X4}"))} {compatibility} {compose}, random seed 11");
            }
        }
    }
}
