using Gpu.Cli;
using Gpu.Cli.Commands;
using Gpu.Tests.IO;

namespace Gpu.Tests.Cli;

/// <summary>Every option of <c>train</c> that regularizes changes the weights, and what would do nothing is refused.</summary>
public sealed class RegularizationOptionTests : IClassFixture<TrainCommandTests.SmallDigits>
{
    private static readonly string[] Basis = ["--steps", "6", "--batch", "32", "--limit-test", "20", "--lr", "0.01", "--threads", "1"];

    // The option, and after "--with" what it needs, which the run to compare with has, too.
    private static readonly string[] Options =
    [
        "--weight-decay 0.3",
        "--decay-mode decoupled --with --weight-decay 0.3",
        "--decay-on all --with --weight-decay 0.3",
        "--decay-convention full --with --weight-decay 0.3",
        "--decay-convention full --with --weight-decay 0.3 --decay-mode decoupled",
        "--decay-schedule schedule --with --weight-decay 0.1 --decay-mode decoupled",
        "--decay-schedule constant --with --weight-decay 0.1 --decay-mode decoupled",
        "--cautious-decay --with --weight-decay 0.3 --decay-mode decoupled",
        "--auto-decay --with --weight-decay 0.3 --validation 0.2 --steps 20",
        "--decay-for dense1=0.3",
        "--decay-for dense*.bias=0.3 --with --decay-on all",
        "--l1 0.01",
        "--l1-mode proximal --with --l1 0.01",
        "--max-norm 0.5",
        "--spectral-norm 0.5",
        "--dropout 0.5 --with --model lenet_bn28",
        "--spatial-dropout --with --model lenet_bn28 --dropout 0.5",
        "--stochastic-depth 0.5 --with --model resnet20",
        "--clip-value 1e-4",
        "--label-smoothing 0.3",
        "--kl-weight 3 --with --task autoencode --model vae_small",
        "--conditional --with --task gan --model dcgan_small",
        "--discriminator-lr 0.01 --with --task gan --model dcgan_small",
        "--discriminator-decay 0.3 --with --task gan --model dcgan_small",
        "--discriminator-spectral-norm 0.5 --with --task gan --model dcgan_small",
        "--class-weights balanced --with --limit-train 50",
        "--clip-norm 0.01",
        "--ema 0.9",
        "--lookahead 3:0.4",
        "--lookahead 3:0.4:falling",
        "--whiten --with --model resnet20",
        "--augment shift:3",
        "--augment shift:3:reflect",
        "--augment flip:alternating",
        "--augment rotate:20",
        "--augment scale:0.8..1.2",
        "--augment shear:20",
        "--augment brightness:0.5",
        "--augment contrast:0.5",
        "--augment erase:0.5",
        "--augment cutout:10",
        "--augment randaugment:2:9",
        "--mixup 0.4",
        "--cutmix 1",
        "--activation silu",
        "--weight-standardization --with --model lenet_bn28",
        "--freeze dense1",
        "--lr-scale dense1=0.1",
    ];

    // Options that do not regularize; --loss and those of early stopping have tests of their own.
    private static readonly string[] Others =
    [
        "--accumulate", "--background", "--batch", "--betas", "--channels", "--checkpoint-every", "--device", "--epochs", "--epsilon", "--fit",
        "--frechet-every", "--ignore",
        "--categorical", "--use", "--header", "--dry-run", "--plot", "--tensorboard",
        "--init", "--init-layout", "--kernels", "--labels", "--no-graph", "--skip-unreadable", "--limit-test", "--limit-train", "--log-every", "--loss",
        "--lr", "--model", "--momentum", "--no-shuffle", "--no-statistics", "--on-divergence", "--optimizer", "--out", "--override", "--patience",
        "--precision", "--recipe",
        "--reset-optimizer", "--resume", "--schedule", "--seed", "--size", "--steps", "--target", "--task", "--test", "--threads", "--validation",
        "--warmup", "--simd", "--help",
    ];

    private readonly TrainCommandTests.SmallDigits _digits;

    public RegularizationOptionTests(TrainCommandTests.SmallDigits digits) => _digits = digits;

    public static TheoryData<string> All => [.. Options];

    [Theory]
    [MemberData(nameof(All))]
    public void ChangesTheWeights(string option)
    {
        var parts = option.Split(" --with ");
        var needs = parts.Length > 1 ? parts[1].Split(' ') : [];
        Assert.NotEqual(Weights(needs), Weights([.. needs, .. parts[0].Split(' ')]));
    }

    [Theory]
    [InlineData("--lookahead 3:0.4", "--lookahead 3:0.4:falling")]
    [InlineData("--augment shift:3", "--augment shift:3:reflect")]
    public void TheFormsOfAnOptionDiffer(string form, string other) => Assert.NotEqual(Weights(form.Split(' ')), Weights(other.Split(' ')));

    [Fact]
    public void EveryOptionOfTrainIsListedHere()
    {
        var train = CommandTree.Build(["train"], null!).Subcommands.Single(command => command.Name == "train");
        var listed = Options.Select(option => option.Split(' ')[0]).Concat(Others).ToHashSet();
        var missing = train.Options.Select(option => option.Name).Where(name => !listed.Contains(name)).ToArray();
        Assert.True(missing.Length == 0, $"add to Options (with a test of their effect), or to Others: {string.Join(", ", missing)}");
    }

    [Fact]
    public void AutoDecayOfAnAdversarialNetworkIsRefused()
    {
        using var folder = new TempFolder();
        var run = CommandLine.Run(
            "train", "--task", "gan", "--auto-decay", "--validation", "0.2", "--limit-train", "64", "--epochs", "1", "--out", folder.File("run"));
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--auto-decay follows the loss of a validation part", run.Error);
    }

    [Theory]
    [InlineData("--decay-mode decoupled --weight-decay 0", "--decay-mode has no effect, because weight decay is 0. Add --weight-decay")]
    [InlineData("--decay-convention full --weight-decay 0", "--decay-convention has no effect")]
    [InlineData("--decay-on all --weight-decay 0", "--decay-on has no effect")]
    [InlineData("--l1-mode proximal", "--l1-mode has no effect, because the L1 penalty is 0. Add --l1")]
    [InlineData("--cautious-decay", "--cautious-decay has no effect, because weight decay is added to the gradient. Add --decay-mode decoupled")]
    [InlineData("--decay-schedule constant", "--decay-schedule has no effect")]
    [InlineData("--decay-mode l2 --optimizer adamw", "adamw is adam with decoupled weight decay")]
    [InlineData("--decay-schedule constant --decay-mode decoupled --weight-decay 1", "takes more than the weight in each step")]
    [InlineData("--auto-decay", "--auto-decay needs a validation part")]
    [InlineData("--auto-decay --validation 0.2 --decay-for *=0.1", "auto-decay has no effect")]
    [InlineData("--decay-for dense1.bias=0.1", "which do not decay. Use decay-on all")]
    [InlineData("--decay-for dense9=0.1", "matches 'dense9'")]
    [InlineData("--decay-for dense1=-1", "expected PATTERN=X with a number X")]
    [InlineData("--max-norm -1", "--max-norm expects a number")]
    [InlineData("--stochastic-depth 0.5", "stochastic-depth has no effect, because the model 'mlp64x2' has no residual blocks")]
    [InlineData("--spatial-dropout", "spatial-dropout has no effect")]
    [InlineData("--augment saturation:0.5", "saturation and hue need 3 channels, but there is 1")]
    [InlineData("--augment erase:0.5,cutout:4", "Give one of them")]
    [InlineData("--augment scale:2..1", "such as scale:0.8..1.2")]
    [InlineData("--augment flip,flip", "given twice")]
    [InlineData("--augment shift:3:reflect,rotate:5", "a reflecting shift can be combined with flips only")]
    [InlineData("--augment shift:28:reflect", "must be smaller than both sides of 28x28")]
    [InlineData("--augment shift:reflect", "such as shift:2")]
    [InlineData("--mixup -1", "--mixup expects a number (0 to 100)")]
    [InlineData("--whiten", "Whitening needs a convolution as the first layer")]
    [InlineData("--lookahead 0", "--lookahead: expected a number of steps")]
    [InlineData("--lookahead 5:0.2:rising", "such as 5, 5:0.5 or 5:0.2:falling")]
    [InlineData("--weight-standardization", "Weight standardization has no effect, because the model 'mlp64x2' has no convolution")]
    [InlineData("--activation reul", "--activation expects one of")]
    [InlineData("--loss half-mse", "which need softmax cross-entropy")]
    public void WhatHasNoEffectIsRefused(string options, string message)
    {
        using var folder = new TempFolder();
        // Of so few steps none changes the weight decay.
        var basis = options.Contains("--auto-decay", StringComparison.Ordinal) ? Basis[2..] : Basis;
        var run = CommandLine.Run(["train", _digits.Path, "--model", "mlp64x2", .. basis, "--out", folder.File("run"), .. options.Split(' ')]);
        Assert.NotEqual(ExitCode.Success, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Fact]
    public void HalfTheSquaredErrorIsHalfTheLossAndAnotherStep()
    {
        using var folder = new TempFolder();
        CommandLine Run(string loss) => CommandLine.Run(
            "train", "moons", "--model", "mlp10", "--steps", "1", "--optimizer", "sgd", "--weight-decay", "0", "--lr", "0.1", "--loss", loss, "--out",
            folder.File(loss), "--json");
        var (whole, half) = (Run("mse"), Run("half-mse"));
        Assert.True(half.ExitCode == ExitCode.Success, half.Error);
        Assert.Equal(whole.Json.GetProperty("train_loss").GetDouble() / 2, half.Json.GetProperty("train_loss").GetDouble(), 1e-6);
        Assert.NotEqual(File.ReadAllBytes(folder.File("mse", "last.safetensors")), File.ReadAllBytes(folder.File("half-mse", "last.safetensors")));
        Assert.Contains("half-mean-squared-error", File.ReadAllText(folder.File("half-mse", "model.json")));
        var resumed = CommandLine.Run("train", "--resume", folder.File("mse"), "--loss", "half-mse");
        Assert.Contains("--loss cannot be combined with --resume", resumed.Error);
    }

    [Fact]
    public void ThePenaltyAndTheZerosAreReported()
    {
        using var folder = new TempFolder();
        string[] command =
        [
            "train", _digits.Path, "--model", "mlp64x2", .. Basis, "--weight-decay", "0.01", "--l1", "0.5", "--l1-mode", "proximal", "--optimizer", "sgd",
            "--out", folder.File("run"),
        ];
        var text = CommandLine.Run([.. command, "--plain"]);
        Assert.Equal(ExitCode.Success, text.ExitCode);
        Assert.Matches(@"epoch 1/1  loss \d+\.\d+ \+ penalty [\d,]+\.\d+ = [\d,]+\.\d+ ", text.Output + text.Error);
        Assert.Matches(@"[1-9][\d.]* % of the weights are exactly 0\.", text.Output + text.Error);
        command[^1] = folder.File("json");
        var json = CommandLine.Run([.. command, "--json"]).Json;
        double Number(string name) => json.GetProperty(name).GetDouble();
        Assert.Equal("loss", json.GetProperty("penalty_kind").GetString());
        Assert.Equal(Number("train_loss") + Number("penalty"), Number("total_loss"), 1e-6);
        Assert.InRange(Number("zero_share"), 0.01, 0.99);
        var lines = File.ReadAllLines(folder.File("run", "metrics.csv"));
        Assert.Contains(",penalty,penalty_kind,total_loss,zero_share,", lines[0]);
        var cells = lines[1].Split(',');
        string Cell(string column) => cells[Array.IndexOf(lines[0].Split(','), column)];
        Assert.Equal("loss", Cell("penalty_kind"));
        Assert.Equal(Number("penalty"), double.Parse(Cell("penalty"), System.Globalization.CultureInfo.InvariantCulture), 1e-6);
        Assert.Equal(Number("zero_share"), double.Parse(Cell("zero_share"), System.Globalization.CultureInfo.InvariantCulture), 1e-9);
    }

    private string Weights(string[] options)
    {
        using var folder = new TempFolder();
        var run = CommandLine.Run([
            "train", _digits.Path, .. options.Contains("--model") ? (string[])[] : ["--model", "mlp64x2"],
            .. options.Contains("--steps") ? Basis[2..] : Basis, "--out", folder.File("run"), .. options,
        ]);
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        return Convert.ToHexString(File.ReadAllBytes(folder.File("run", "last.safetensors")));
    }
}
