namespace Llm42.Cli.Determinism;

/// <summary>Texts that load is made of: openings in the English that the demo model knows, and some it does not.</summary>
internal static class BuiltInTexts
{
    /// <summary>What is asked where the user names no prompt.</summary>
    public const string Prompt = "In the beginning God created the heaven and the earth.";

    public static readonly IReadOnlyList<string> All =
    [
        "And it came to pass in those days, that there went out a decree",
        "The LORD is my shepherd; I shall not want.",
        "Now it was so, that when the king heard the words of the people, he rent his clothes, and went up",
        "But thou shalt remember",
        "And the children of Israel journeyed, and pitched in the wilderness, every man by his own standard.",
        "Blessed is the man that walketh not in the counsel of the ungodly",
        "KING:\nWhat news from the city, my good lord? Speak, and be brief.",
        "Enter two gentlemen.\nFirst Gentleman:\nYou do not meet a man but frowns.",
        "My lord,",
        "O, she doth teach the torches to burn bright! It seems she hangs upon the cheek of night",
        "What, is it morning already? Then I have dreamed the night away, and all my sorrow with it; "
            + "come, let us walk into the garden and hear what the birds say of the weather and of the war.",
        "Once upon a time there was a small brown dog who lived beside the river.",
        "Water boils at a lower temperature on a mountain, because",
        "Dear sir, I write to ask whether the two machines that you sold us in March can be made to give the same answer twice.",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16",
        "And Moses said unto the people, Fear ye not, stand still, and see the salvation of the LORD, which he will "
            + "shew to you to day: for the Egyptians whom ye have seen to day, ye shall see them again no more for ever.",
    ];
}
