//! The pages of errors of running flows (ZIS3xxx), of requests (ZIS4xxx) and of the server (ZIS5xxx), which live under
//! `docs/errors/`.

macro_rules! pages {
    ($($code:literal)*) => {
        /// `(code, page)`, sorted.
        pub const PAGES: &[(&str, &str)] =
            &[$(($code, include_str!(concat!("../../../docs/errors/", $code, ".md")))),*];
    };
}

pages! {
    "ZIS3001"
    "ZIS3002"
    "ZIS3003"
    "ZIS3004"
    "ZIS3005"
    "ZIS3006"
    "ZIS3007"
    "ZIS3008"
    "ZIS3009"
    "ZIS3010"
    "ZIS4001"
    "ZIS4002"
    "ZIS4003"
    "ZIS4004"
    "ZIS4005"
    "ZIS4006"
    "ZIS4007"
    "ZIS4010"
    "ZIS4011"
    "ZIS4012"
    "ZIS4013"
    "ZIS4014"
    "ZIS4015"
    "ZIS4016"
    "ZIS4020"
    "ZIS4021"
    "ZIS4022"
    "ZIS4023"
    "ZIS4024"
    "ZIS4025"
    "ZIS4030"
    "ZIS4031"
    "ZIS4032"
    "ZIS4033"
    "ZIS4040"
    "ZIS4041"
    "ZIS5001"
    "ZIS5002"
}

/// The page of an error, by code in any case.
pub fn page(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, page)| *page)
}

/// The title of an error's page.
pub fn title(page: &'static str) -> &'static str {
    let heading = page.lines().next().unwrap_or_default();
    heading.splitn(3, ' ').nth(2).unwrap_or_default()
}
